//! Sends a code through the tenant's connectors: the best for its recipient, and the next when that one's provider does not
//! answer.

use keyway_model::connector::{Connector, ConnectorKind, route};
use keyway_model::connector_failure::FailureKind;
use keyway_model::identifier::Identifier;
use keyway_model::reason::Outcome;
use keyway_model::{ErrorCode, Reason, Refusal, email_template};
use keyway_sandbox::{CallError, Failure, Message, Report};
use serde_json::{Value, json};

use super::Factory;
use super::calls::note;
use super::context::{call_context, keep_cache};
use crate::configuration::TenantSettings;
use crate::{CoreError, Cx};

/// A code on its way to a person.
pub(crate) struct Delivery<'c> {
    pub to: &'c Identifier,
    /// Usage type of the template.
    pub usage: &'c str,
    pub code: &'c str,
    pub locale: Option<&'c str>,
}

/// Delivers a code. The refusal holds the provider's words in `data`, for the log; its message is for anyone.
pub(crate) async fn deliver(cx: &Cx, settings: &TenantSettings, delivery: Delivery<'_>) -> Result<(), CoreError> {
    let (core, tenant) = (cx.core(), &cx.tenant);
    let kind = ConnectorKind::reaching(delivery.to.kind).ok_or(ErrorCode::ConnectorNotFound)?;
    let template = kind
        .descriptor()
        .takes_templates
        .then(|| {
            email_template::choose(&settings.email_templates, delivery.usage, delivery.locale, settings.language())
        })
        .flatten()
        .and_then(|template| serde_json::to_string(&template.details).ok());
    let message = Message {
        to: delivery.to.value.clone(),
        usage: delivery.usage.to_owned(),
        payload: json!({ "code": delivery.code }).to_string(),
        locale: delivery.locale.map(ToOwned::to_owned),
        template,
    };
    let now = core.now();
    let mut candidates = route(&settings.connectors, kind, &delivery.to.value);
    candidates.sort_by_key(|connector| core.calls.is_paused(tenant, &connector.id, now));
    let mut last = ErrorCode::ConnectorNotFound.into();
    let mut uncertain = false;
    for connector in candidates {
        let Some(factory) = core.registry.get(tenant, &connector.factory_id) else { continue };
        if uncertain {
            tracing::warn!(connector = %connector.id, "the message goes out again: it may arrive twice");
        }
        let (result, report) = send_through(cx, connector, &factory, message.clone()).await;
        let silent = is_silent(&result);
        core.calls.answered(tenant, &connector.id, !silent, now);
        match result {
            Ok(_) => return Ok(()),
            Err(error) => last = explain(error),
        }
        if !silent {
            break;
        }
        // A provider that took the request and did not answer may have sent the message all the same.
        uncertain |= report.exchanges.iter().any(|exchange| exchange.sent > 0);
    }
    Err(last)
}

/// Makes one call with what the connector keeps, and keeps what it kept.
async fn send_through(
    cx: &Cx,
    connector: &Connector,
    factory: &Factory,
    message: Message,
) -> (Result<String, CallError>, Report) {
    let sandbox = cx.core().registry.sandbox();
    let Ok(component) = factory.component(sandbox).await else {
        return (Err(CallError::Instantiate), Report::default());
    };
    let context = call_context(cx, connector, factory).await;
    let (result, report) = sandbox.send(component, &context, message).await;
    note(cx, Some(&connector.id), factory, &result, &report);
    keep_cache(cx, &connector.id, &report).await;
    (result, report)
}

/// What an admin, or an end user in other words, reads of a failed call.
pub fn explain(error: CallError) -> CoreError {
    match error {
        CallError::Failure(failure) => refusal(failure).into(),
        CallError::Wall => breach(ErrorCode::ConnectorUnreachable, &error),
        CallError::Missing => breach(ErrorCode::ConnectorNotImplemented, &error),
        CallError::Malformed => breach(ErrorCode::ConnectorInvalidResponse, &error),
        _ => breach(ErrorCode::ConnectorFailed, &error),
    }
}

/// The budget's name is for the admin; an end user reads the code's own sentence.
fn breach(code: ErrorCode, error: &CallError) -> CoreError {
    let reason = Reason::CallFailed { outcome: Outcome(error.outcome()) };
    Refusal::because(code, reason).with_data(json!({ "outcome": error.outcome() })).into()
}

/// Whether the provider could not be reached or did not answer, so that another one may do.
fn is_silent(result: &Result<String, CallError>) -> bool {
    match result {
        Err(CallError::Failure(failure)) => failure.kind() == FailureKind::Unreachable,
        Err(CallError::Wall) => true,
        _ => false,
    }
}

fn refusal(failure: Failure) -> Refusal {
    let code = failure.kind().error_code();
    let data = failure.data.and_then(|data| serde_json::from_str::<Value>(&data).ok()).unwrap_or_default();
    let mut details = json!({ "errorDescription": failure.message });
    if let (Some(details), Value::Object(data)) = (details.as_object_mut(), data) {
        details.extend(data);
    }
    if let (Some(details), Some(after)) = (details.as_object_mut(), failure.retry_after_ms) {
        details.insert("retryAfterMs".into(), json!(after));
    }
    Refusal::quoting(code, failure.message).with_data(details)
}
