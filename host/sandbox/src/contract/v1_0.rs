//! Version 1.0 of the contract.

use std::pin::Pin;

use wasmtime::component::{HasSelf, InstancePre, Linker};

use super::{CallAnswer, ContractAdapter, Function, Guest, Reported};
use crate::call::CallError;
use crate::host::HostState;
use bindings::exports::keyway::connector::{config, email, meta, sms, social, social_tokens};
use bindings::keyway::connector::types;

/// Made from `wit/`: one world that holds every kind of connector.
pub mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package keyway:server;
            world connector {
                include keyway:connector/sms-connector@1.0.0;
                include keyway:connector/email-connector@1.0.0;
                include keyway:connector/social-token-connector@1.0.0;
            }
        ",
        world: "keyway:server/connector",
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

/// This version's line in the table.
pub const CONTRACT: super::Contract = super::Contract {
    number: (1, 0),
    version: "1.0.0",
    offered: &[
        ("keyway:host/log", &["write"]),
        ("keyway:host/clock", &["now-ms"]),
        ("keyway:host/random", &["bytes", "uuid"]),
        ("keyway:host/crypto", &["digest", "hmac", "sign", "verify-jwt"]),
        ("keyway:host/http", &["fetch"]),
        ("keyway:host/cache", &["get", "set", "delete"]),
        ("keyway:host/session", &["get", "set"]),
        ("keyway:host/smtp", &["send"]),
        ("keyway:connector/types", &[]),
    ],
    link,
    adapt: Exports::find,
};

fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    bindings::Connector::add_to_linker::<HostState, HasSelf<HostState>>(linker, |state| state)
}

/// Where the functions of a component are.
struct Exports {
    meta: meta::GuestIndices,
    config: config::GuestIndices,
    sms: Option<sms::GuestIndices>,
    email: Option<email::GuestIndices>,
    social: Option<social::GuestIndices>,
    social_tokens: Option<social_tokens::GuestIndices>,
}

impl Exports {
    fn find(pre: &InstancePre<HostState>) -> wasmtime::Result<Box<dyn ContractAdapter>> {
        Ok(Box::new(Self {
            meta: meta::GuestIndices::new(pre)?,
            config: config::GuestIndices::new(pre)?,
            sms: sms::GuestIndices::new(pre).ok(),
            email: email::GuestIndices::new(pre).ok(),
            social: social::GuestIndices::new(pre).ok(),
            social_tokens: social_tokens::GuestIndices::new(pre).ok(),
        }))
    }

    async fn run(&self, guest: Guest<'_>, function: Function<'_>) -> CallAnswer {
        let Guest { instance, store, config, factory_id } = guest;
        match function {
            Function::Describe => {
                let exports = found(self.meta.load(&mut *store, &instance))?;
                answered(exports.call_describe(store).await.map(Ok))
            }
            Function::Validate => {
                let exports = found(self.config.load(&mut *store, &instance))?;
                let result = exports.call_validate(store, config).await;
                answered(result.map(|answer| answer.map(|()| String::new())))
            }
            Function::Send(message) => {
                let message = types::Message {
                    to: message.to.clone(),
                    usage: message.usage.clone(),
                    payload: message.payload.clone(),
                    locale: message.locale.clone(),
                    template: message.template.clone(),
                };
                if let Some(sms) = &self.sms {
                    let exports = found(sms.load(&mut *store, &instance))?;
                    return answered(exports.call_send(store, config, &message).await);
                }
                let email = self.email.as_ref().ok_or(CallError::Missing)?;
                let exports = found(email.load(&mut *store, &instance))?;
                answered(exports.call_send(store, config, &message).await)
            }
            Function::AuthorizationUri(start) => {
                let start = social::Start {
                    state: start.state.clone(),
                    redirect_uri: start.redirect_uri.clone(),
                    connector_id: start.connector_id.clone(),
                    factory_id: factory_id.to_owned(),
                    user_agent: start.user_agent.clone(),
                    scope: start.scope.clone(),
                };
                let social = self.social.as_ref().ok_or(CallError::Missing)?;
                let exports = found(social.load(&mut *store, &instance))?;
                answered(exports.call_authorization_uri(store, config, &start).await)
            }
            Function::UserInfo(callback) => {
                let social = self.social.as_ref().ok_or(CallError::Missing)?;
                let exports = found(social.load(&mut *store, &instance))?;
                answered(exports.call_user_info(store, config, callback).await)
            }
            Function::TokensAndUserInfo(callback) => {
                let tokens = self.social_tokens.as_ref().ok_or(CallError::Missing)?;
                let exports = found(tokens.load(&mut *store, &instance))?;
                answered(exports.call_tokens_and_user_info(store, config, callback).await)
            }
            Function::Refresh(token) => {
                let tokens = self.social_tokens.as_ref().ok_or(CallError::Missing)?;
                let exports = found(tokens.load(&mut *store, &instance))?;
                answered(exports.call_refresh(store, config, token).await)
            }
        }
    }
}

impl ContractAdapter for Exports {
    fn call<'c>(
        &'c self,
        guest: Guest<'c>,
        function: Function<'c>,
    ) -> Pin<Box<dyn Future<Output = CallAnswer> + Send + 'c>> {
        Box::pin(self.run(guest, function))
    }
}

fn found<T>(loaded: wasmtime::Result<T>) -> Result<T, CallError> {
    loaded.map_err(|_| CallError::Missing)
}

fn answered(result: wasmtime::Result<Result<String, types::Failure>>) -> CallAnswer {
    let answer =
        result.map_err(|error| if is_too_much_data(&error) { CallError::TooLarge } else { CallError::Trap })?;
    Ok(answer.map_err(|failure| Reported {
        code: failure.code,
        message: failure.message,
        data: failure.data,
        retry_after_ms: failure.retry_after_ms,
    }))
}

/// Whether wasmtime stopped copying because the store's host-call fuel was used up. It is known by its words alone: the error's
/// type is private, and no trap code stands for it.
fn is_too_much_data(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted")
}
