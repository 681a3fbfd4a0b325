//! Sends a code through the tenant's connector.

use keyway_model::connector::{Connector, ConnectorKind, secret_values};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::{ErrorCode, Refusal};
use keyway_sandbox::{CallError, Failure, Message};
use serde_json::{Value, json};

use super::Factory;
use crate::{Core, CoreError};

/// Which connector kind reaches an identifier.
pub(crate) fn kind_for(identifier: IdentifierKind) -> Option<ConnectorKind> {
    match identifier {
        IdentifierKind::Phone => Some(ConnectorKind::Sms),
        IdentifierKind::Email => Some(ConnectorKind::Email),
        IdentifierKind::Username => None,
    }
}

impl Core {
    /// Delivers a code through a connector. The refusal holds the provider's words in `data`, for the log; its message is for anyone.
    pub(crate) async fn deliver(
        &self,
        connector: &Connector,
        to: &Identifier,
        usage: &str,
        code: &str,
        locale: Option<String>,
    ) -> Result<(), CoreError> {
        let factory = self.registry.get(&connector.factory_id).await.ok_or(ErrorCode::ConnectorNotFound)?;
        self.call(&factory, &connector.config, &to.value, usage, code, locale).await
    }

    pub(super) async fn call(
        &self,
        factory: &Factory,
        config: &Value,
        to: &str,
        usage: &str,
        code: &str,
        locale: Option<String>,
    ) -> Result<(), CoreError> {
        let message = Message {
            to: to.to_owned(),
            usage: usage.to_owned(),
            payload: json!({ "code": code }).to_string(),
            locale,
        };
        let secrets = secret_values(&factory.manifest.config, config);
        let sandbox = self.registry.sandbox();
        let (result, report) = sandbox.send(&factory.component, &config.to_string(), message, secrets).await;
        let id = &factory.manifest.id;
        for line in &report.log {
            tracing::info!(connector = %id, "{line}");
        }
        match result {
            Ok(_) => Ok(()),
            Err(CallError::Failure(failure)) => {
                tracing::warn!(connector = %id, code = failure.code, message = failure.message, "message not sent");
                Err(refusal(failure).into())
            }
            Err(error) => {
                tracing::warn!(connector = %id, %error, "connector failed");
                Err(ErrorCode::ConnectorFailed.into())
            }
        }
    }
}

fn refusal(failure: Failure) -> Refusal {
    let code = match failure.code.as_str() {
        "rate-limit-exceeded" => ErrorCode::ConnectorRateLimit,
        "invalid-config" => ErrorCode::ConnectorInvalidConfig,
        "invalid-response" => ErrorCode::ConnectorInvalidResponse,
        "template-not-found" => ErrorCode::ConnectorTemplateNotFound,
        "unreachable" => ErrorCode::ConnectorUnreachable,
        _ => ErrorCode::ConnectorGeneral,
    };
    let data = failure.data.and_then(|data| serde_json::from_str::<Value>(&data).ok()).unwrap_or_default();
    let mut details = json!({ "errorDescription": failure.message });
    if let (Some(details), Value::Object(data)) = (details.as_object_mut(), data) {
        details.extend(data);
    }
    Refusal::with_message(code, failure.message).with_data(details)
}
