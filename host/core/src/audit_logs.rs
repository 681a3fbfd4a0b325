//! The audit log: reads it, and writes into it what was refused. What happened is written by [`Cx::emit`].

use keyway_model::log::LogEntry;
use keyway_model::{ApplicationId, ErrorCode, LogId, UserId};
use keyway_store::{Page, logs};
use serde_json::json;

use crate::logs::Event;
use crate::{CoreError, Cx};

pub use keyway_store::logs::Filter;

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
    let mut event = cx.event(attempt.key).with("status", json!(attempt.status));
    match (area.as_str(), attempt.targets.first()) {
        ("Users", Some((_, id))) => event = event.user(&UserId(id.clone())),
        ("Applications", Some((_, id))) => event = event.application(&ApplicationId(id.clone())),
        _ => {}
    }
    let targets: Vec<_> = attempt.targets.into_iter().chain(cx.request().targets()).collect();
    if !targets.is_empty() {
        let targets: serde_json::Map<_, _> = targets.into_iter().map(|(name, id)| (name, json!(id))).collect();
        event = event.with("targets", json!(targets));
    }
    if let Some(made) = attempt.made {
        event = event.with("location", json!(made));
    }
    if attempt.status >= 400 {
        event = event.failed(attempt.error.as_deref().unwrap_or("unknown"));
    }
    cx.write(async move |tx| Ok(event.write(tx, &cx.tenant).await?)).await
}

impl Cx {
    /// An event that says who acts, and by which request.
    pub(crate) fn event(&self, key: impl Into<String>) -> Event {
        let request = self.request();
        let mut event = Event::new(self.core(), key, &self.visitor).with("actorType", json!(self.actor.kind()));
        if let Some(actor) = self.actor.id() {
            event = event.with("actor", json!(actor));
        }
        for (name, value) in [("requestId", &request.id), ("operation", &request.operation)] {
            if !value.is_empty() {
                event = event.with(name, json!(value));
            }
        }
        event
    }
}

/// A page of entries, newest first, and how many there are.
#[tracing::instrument(name = "audit_logs.list", skip_all)]
pub async fn list(cx: &Cx, filter: &Filter, page: Page) -> Result<(Vec<LogEntry>, i64), CoreError> {
    cx.read(async |tx| Ok(logs::list(tx, &cx.tenant, filter, page).await?)).await
}

/// An entry.
#[tracing::instrument(name = "audit_logs.get", skip_all)]
pub async fn get(cx: &Cx, id: &LogId) -> Result<LogEntry, CoreError> {
    cx.read(async |tx| logs::find(tx, &cx.tenant, id).await?.ok_or_else(|| ErrorCode::EntityNotFound.into())).await
}
