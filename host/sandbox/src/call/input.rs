//! What goes into a call.

use std::collections::BTreeMap;

use keyway_model::Timestamp;
use keyway_model::marks::Marks;
use serde_json::Value;

/// A message for a connector.
#[derive(Debug, Clone)]
pub struct Message {
    /// Recipient: digits with country code, or an e-mail address.
    pub to: String,
    /// Usage type of the template.
    pub usage: String,
    /// JSON object with the template's variables.
    pub payload: String,
    /// BCP 47 tag of the recipient's language.
    pub locale: Option<String>,
    /// For e-mail: the tenant's own template as a JSON object.
    pub template: Option<String>,
}

/// The start of a sign-in with a social provider.
#[derive(Debug, Clone)]
pub struct Start {
    /// Made and checked by the server.
    pub state: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// Id of the configured connector.
    pub connector_id: String,
    /// The browser's.
    pub user_agent: Option<String>,
    /// Scopes in place of the configured ones.
    pub scope: Option<String>,
}

/// A value of a connector's cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// At most 8 kB.
    pub value: Vec<u8>,
    /// From this moment on it is gone.
    pub expires_at: Timestamp,
}

/// What one configured connector brings into a call.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Its configuration, secrets included.
    pub config: Value,
    /// What of it was entered as a secret, beyond what the component's schema marks.
    pub marks: Marks,
    /// What earlier calls kept.
    pub cache: BTreeMap<String, CacheEntry>,
    /// What this sign-in kept.
    pub session: BTreeMap<String, String>,
}

impl Context {
    /// A call with this configuration and nothing kept.
    pub fn new(config: Value) -> Self {
        Self { config, ..Self::default() }
    }
}
