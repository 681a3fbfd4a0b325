//! Reads the audit log, and writes into it what administrators do.

use keyway_model::log::LogEntry;
use keyway_model::{ApplicationId, ErrorCode, LogId, TenantId, UserId};
use keyway_store::{Page, logs};
use serde_json::json;

use crate::logs::Event;
use crate::{Core, CoreError, Visitor};

/// What an administrator, or a program in an administrator's place, did or was refused. Names and ids alone: what was sent
/// and what came back may be secret.
pub struct Act {
    /// The event's name.
    pub key: String,
    /// Method and route.
    pub operation: String,
    /// Id of who asked.
    pub actor: String,
    /// Ids in the route, by name.
    pub targets: Vec<(String, String)>,
    /// Where what was made, or the page about it, stands.
    pub made: Option<String>,
    /// The answer's HTTP status.
    pub status: u16,
    /// The error's code.
    pub error: Option<String>,
}

impl Core {
    /// Writes down what an administrator did or was refused. It stands in the log of the tenant that is administered.
    pub async fn audit(&self, act: Act, visitor: &Visitor) -> Result<(), CoreError> {
        let area = act.key.split('.').nth(1).unwrap_or_default().to_owned();
        let mut event = Event::new(self, act.key, visitor)
            .with("operation", json!(act.operation))
            .with("actor", json!(act.actor))
            .with("status", json!(act.status));
        match (area.as_str(), act.targets.first()) {
            ("Users", Some((_, id))) => event = event.user(&UserId(id.clone())),
            ("Applications", Some((_, id))) => event = event.application(&ApplicationId(id.clone())),
            _ => {}
        }
        if !act.targets.is_empty() {
            let targets: serde_json::Map<_, _> = act.targets.into_iter().map(|(name, id)| (name, json!(id))).collect();
            event = event.with("targets", json!(targets));
        }
        if let Some(made) = act.made {
            event = event.with("location", json!(made));
        }
        if act.status >= 400 {
            event = event.failed(act.error.as_deref().unwrap_or("unknown"));
        }
        self.write_event(TenantId::default_tenant(), event).await
    }

    /// A page of entries, newest first, and how many there are.
    pub async fn logs(
        &self,
        tenant: &TenantId,
        filter: logs::Filter,
        page: Page,
    ) -> Result<(Vec<LogEntry>, i64), CoreError> {
        self.read(async move |tx| logs::list(tx, tenant, &filter, page).await).await
    }

    /// An entry.
    pub async fn log(&self, tenant: &TenantId, id: LogId) -> Result<LogEntry, CoreError> {
        let found = self.read(async move |tx| logs::find(tx, tenant, &id).await).await?;
        found.ok_or_else(|| ErrorCode::EntityNotFound.into())
    }
}
