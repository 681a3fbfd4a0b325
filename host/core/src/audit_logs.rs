//! The audit log: reads it, and writes into it what was refused. What happened is written by [`Cx::emit`].

use keyway_model::audit_log::LogEntry;
use keyway_model::{ApplicationId, ErrorCode, LogId, UserId};
use keyway_store::{Page, audit_logs};
use serde_json::{Map, Value, json};

use crate::events::refused;
use crate::{CoreError, Cx};

pub use keyway_store::audit_logs::AuditLogFilter;

/// A request of an administrator, or of a program in an administrator's place, that left no event of its own: what was refused,
/// and what shows secrets. Names and ids alone: what was sent and what came back may be secret.
#[derive(Debug)]
pub struct Attempt {
    /// The event's name.
    pub key: String,
    /// Ids in the route, by name.
    pub targets: Vec<(String, String)>,
    /// Where what was made, or the page about it, stands.
    pub made: Option<String>,
    /// The answer's HTTP status.
    pub status: u16,
    /// The error's code.
    pub error: Option<String>,
}

/// Writes an attempt down, in the log of the tenant that is administered.
pub async fn record(cx: &Cx, attempt: Attempt) -> Result<(), CoreError> {
    let area = attempt.key.split('.').nth(1).unwrap_or_default().to_owned();
    let mut entry = cx.log_entry(attempt.key, &cx.actor);
    match (area.as_str(), attempt.targets.first()) {
        ("Users", Some((_, id))) => entry.user_id = Some(UserId(id.clone())),
        ("Applications", Some((_, id))) => entry.application_id = Some(ApplicationId(id.clone())),
        _ => {}
    }
    let targets: Map<_, _> =
        attempt.targets.into_iter().chain(cx.request().targets()).map(|(name, id)| (name, json!(id))).collect();
    let mut put = |name: &str, value: Value| entry.payload.insert(name.to_owned(), value);
    put("status", json!(attempt.status));
    if !targets.is_empty() {
        put("targets", Value::Object(targets));
    }
    if let Some(made) = attempt.made {
        put("location", json!(made));
    }
    if attempt.status >= 400 {
        refused(&mut entry, attempt.error.as_deref().unwrap_or("unknown"));
    }
    let entry = &entry;
    cx.write(async move |tx| Ok(audit_logs::insert(tx, &cx.tenant, entry).await?)).await
}

/// A page of entries, newest first, and how many there are.
#[tracing::instrument(name = "audit_logs.list", skip_all)]
pub async fn list(cx: &Cx, filter: &AuditLogFilter, page: Page) -> Result<(Vec<LogEntry>, i64), CoreError> {
    cx.read(async |tx| Ok(audit_logs::list(tx, &cx.tenant, filter, page).await?)).await
}

/// An entry.
#[tracing::instrument(name = "audit_logs.get", skip_all)]
pub async fn get(cx: &Cx, id: &LogId) -> Result<LogEntry, CoreError> {
    cx.read(async |tx| audit_logs::find(tx, &cx.tenant, id).await?.ok_or_else(|| ErrorCode::EntityNotFound.into()))
        .await
}
