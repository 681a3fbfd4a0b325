//! Audit log entries.

use serde_json::{Map, Value};

use crate::{ApplicationId, LogId, Timestamp, UserId};

/// One audited event. The payload holds no secret, code or token.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// Id.
    pub id: LogId,
    /// What happened, such as `Interaction.SignIn.Submit`.
    pub key: String,
    /// `result`, `error`, `ip`, `userAgent` and what the event adds.
    pub payload: Map<String, Value>,
    /// Whose event it is.
    pub user_id: Option<UserId>,
    /// Through which application.
    pub application_id: Option<ApplicationId>,
    /// When.
    pub created_at: Timestamp,
}
