//! Writes the audit log.

use keyway_model::interaction::Interaction;
use keyway_model::log::LogEntry;
use keyway_model::{ApplicationId, LogId, TenantId, UserId};
use keyway_store::{StoreError, Tx, logs};
use serde_json::{Map, Value, json};

use crate::{Core, CoreError, Visitor};

/// An event to audit.
#[derive(Clone)]
pub(crate) struct Event {
    entry: LogEntry,
}

impl Event {
    /// Starts an event; `key` is Logto's, such as `Interaction.SignIn.Submit`.
    pub fn new(core: &Core, key: impl Into<String>, visitor: &Visitor) -> Self {
        let mut payload = Map::new();
        payload.insert("result".into(), json!("Success"));
        payload.insert("ip".into(), json!(visitor.ip));
        payload.insert("userAgent".into(), json!(visitor.user_agent));
        let id: LogId = core.id();
        let entry =
            LogEntry { id, key: key.into(), payload, user_id: None, application_id: None, created_at: core.now() };
        Self { entry }
    }

    pub fn interaction(mut self, interaction: &Interaction) -> Self {
        self.entry.payload.insert("interactionId".into(), json!(interaction.id));
        self.entry.application_id = Some(interaction.application_id.clone());
        if interaction.user_id.is_some() {
            self.entry.user_id.clone_from(&interaction.user_id);
        }
        self
    }

    pub fn user(mut self, user: &UserId) -> Self {
        self.entry.user_id = Some(user.clone());
        self
    }

    pub fn application(mut self, application: &ApplicationId) -> Self {
        self.entry.application_id = Some(application.clone());
        self
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.entry.payload.insert(name.into(), value);
        self
    }

    pub fn failed(self, code: &str) -> Self {
        self.with("result", json!("Error")).with("error", json!({ "code": code }))
    }

    pub async fn write(self, tx: &mut Tx, tenant: &TenantId) -> Result<(), StoreError> {
        logs::insert(tx, tenant, &self.entry).await
    }
}

impl Core {
    /// Writes an event that stands alone.
    pub(crate) async fn write_event(&self, tenant: TenantId, event: Event) -> Result<(), CoreError> {
        let write = self.parts.store.write(async move |tx| Ok::<_, CoreError>(event.write(tx, &tenant).await?));
        write.await
    }
}
