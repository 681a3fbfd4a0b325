//! One call into a fresh instance.

mod input;
mod outcome;
mod shown;
mod store;

use std::time::Instant;

use keyway_model::marks::Marks;
use keyway_model::text::is_deceptive;
use serde_json::Value;

use crate::budget::Budgets;
use crate::component::Component;
use crate::contract::{Function, Guest};
use crate::engine::Sandbox;
use crate::host::Breach;
use crate::prepared::Prepared;
use crate::redact::Redactor;

pub use input::{CacheEntry, Context, Message, Start};
pub use outcome::{CallError, CallOutcome, Failure, HttpExchange, LogLevel, Report, WrittenLine};
pub use shown::{cleaned, masked_object};
use shown::{is_object, size};

impl Sandbox {
    /// What the component says of itself, as JSON text.
    pub async fn describe(&self, component: &Component) -> Result<String, CallError> {
        let prepared = component.prepare(&Value::Null, &Marks::default());
        let budgets = self.budgets().offline();
        self.call(component, budgets, &Context::default(), &prepared, &[], Function::Describe).await.0
    }

    /// Applies the component's own rules to a configuration that its schema has accepted.
    pub async fn validate(&self, component: &Component, config: &Value) -> Result<(), CallError> {
        self.validate_marked(component, config, &Marks::default()).await
    }

    /// The same for a configuration of which more was entered as secret than the component's schema marks.
    pub async fn validate_marked(&self, component: &Component, config: &Value, marks: &Marks) -> Result<(), CallError> {
        let context = Context::new(config.clone());
        let prepared = component.prepare(config, marks);
        let budgets = self.budgets().offline();
        self.call(component, budgets, &context, &prepared, &[], Function::Validate).await.0.map(|_| ())
    }

    /// Sends one message, as text message or e-mail. Secrets, the recipient and the code are masked in what the connector
    /// logs and reports.
    pub async fn send(&self, component: &Component, context: &Context, message: Message) -> CallOutcome {
        let payload = serde_json::from_str::<Value>(&message.payload).ok();
        let masked: Vec<String> = ["code", "link"]
            .iter()
            .filter_map(|name| payload.as_ref()?.get(name)?.as_str().map(ToOwned::to_owned))
            .chain([message.to.clone()])
            .collect();
        let prepared = component.prepare(&context.config, &context.marks);
        let function = Function::Send(&message);
        let (result, report) =
            self.call(component, self.budgets().clone(), context, &prepared, &masked, function).await;
        // What a provider's answer is read from is an object or nothing was understood: it does not count as sent.
        let redactor = Redactor::with(&prepared.redactor, masked);
        (
            result.and_then(|text| {
                if is_object(&text) { Ok(masked_object(&text, &redactor)) } else { Err(CallError::Malformed) }
            }),
            report,
        )
    }

    /// The provider's address that the browser is sent to.
    pub async fn authorization_uri(&self, component: &Component, context: &Context, start: Start) -> CallOutcome {
        let masked = [start.state.clone()];
        let (result, report) = self.ask(component, context, &masked, Function::AuthorizationUri(&start)).await;
        let plain = |text: String| if text.chars().any(is_deceptive) { Err(CallError::Malformed) } else { Ok(text) };
        (result.and_then(plain), report)
    }

    /// The identity behind a callback, as a JSON object.
    pub async fn user_info(&self, component: &Component, context: &Context, callback: &Value) -> CallOutcome {
        let text = callback.to_string();
        self.ask(component, context, &secrets_of_callback(callback), Function::UserInfo(&text)).await
    }

    /// The identity behind a callback with the provider's tokens, as a JSON object of `userInfo` and `tokens`.
    pub async fn tokens_and_user_info(
        &self,
        component: &Component,
        context: &Context,
        callback: &Value,
    ) -> CallOutcome {
        let text = callback.to_string();
        self.ask(component, context, &secrets_of_callback(callback), Function::TokensAndUserInfo(&text)).await
    }

    /// New tokens for a refresh token, as the provider's JSON object.
    pub async fn refresh(&self, component: &Component, context: &Context, refresh_token: &str) -> CallOutcome {
        self.ask(component, context, &[refresh_token.to_owned()], Function::Refresh(refresh_token)).await
    }

    async fn ask(
        &self,
        component: &Component,
        context: &Context,
        masked: &[String],
        function: Function<'_>,
    ) -> CallOutcome {
        let prepared = component.prepare(&context.config, &context.marks);
        self.call(component, self.budgets().clone(), context, &prepared, masked, function).await
    }

    async fn call(
        &self,
        component: &Component,
        budgets: Budgets,
        context: &Context,
        prepared: &Prepared,
        masked: &[String],
        function: Function<'_>,
    ) -> CallOutcome {
        let started = Instant::now();
        let Ok(_permit) = self.slots().acquire().await else { return (Err(CallError::Instantiate), Report::default()) };
        let ready = component.ready();
        let redactor = Redactor::with(&prepared.redactor, masked.iter().cloned());
        let mut store = self.store(&ready, component, &budgets, redactor.clone(), context, prepared);
        let run = async {
            let instance = ready.pre.instantiate_async(&mut store).await.map_err(|_| CallError::Instantiate)?;
            let factory_id = &component.manifest().id.0;
            let guest = Guest { instance, store: &mut store, config: &prepared.for_guest, factory_id };
            match ready.exports.call(guest, function).await? {
                Ok(text) if text.len() > budgets.result_bytes => Err(CallError::TooLarge),
                Ok(text) => Ok(text),
                Err(failure) if size(&failure) > budgets.result_bytes => Err(CallError::TooLarge),
                Err(failure) => Err(CallError::Failure(cleaned(failure, &redactor))),
            }
        };
        let result = tokio::time::timeout(budgets.wall, run).await.unwrap_or(Err(CallError::Wall));
        let state = store.data_mut();
        let result = match (result, state.breach) {
            (Err(CallError::Trap | CallError::Instantiate), Some(breach)) => Err(match breach {
                Breach::Cpu => CallError::Cpu,
                Breach::Memory => CallError::Memory,
                Breach::HostCalls => CallError::HostCalls,
                Breach::Random => CallError::TooLarge,
            }),
            (result, _) => result,
        };
        let session = state.session_changed.then(|| std::mem::take(&mut state.session));
        let report = Report {
            wall: started.elapsed(),
            cpu: Budgets::TICK * u32::try_from(state.cpu_ticks).unwrap_or(u32::MAX),
            memory: state.memory_peak,
            host_calls: state.host_calls,
            exchanges: std::mem::take(&mut state.exchanges),
            log: std::mem::take(&mut state.log),
            cache: std::mem::take(&mut state.cache_changes),
            session,
        };
        (result, report)
    }
}

/// What a provider sends with the browser that must not be seen in a log.
fn secrets_of_callback(callback: &Value) -> Vec<String> {
    let names = ["code", "auth_code", "id_token", "credential", "access_token", "state"];
    names.iter().filter_map(|name| callback.get(name)?.as_str().map(ToOwned::to_owned)).collect()
}
