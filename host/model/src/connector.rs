//! Connectors: what a loaded component says of itself, and a configured instance of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ConnectorId, FactoryId, Timestamp};

/// What a connector can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectorKind {
    /// Sends text messages.
    #[serde(alias = "sms")]
    Sms,
    /// Sends e-mail.
    #[serde(alias = "email")]
    Email,
    /// Signs in with an outside identity.
    #[serde(alias = "social")]
    Social,
}

/// What a component says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Factory id, such as `aliyun-short-message-service`.
    pub id: FactoryId,
    /// Identity key of the provider, such as `aliyun-sms`.
    pub target: String,
    /// What it does.
    pub kind: ConnectorKind,
    /// Its own version.
    pub version: String,
    /// The contract it was built against.
    pub contract: String,
    /// Names by language; `en` is always there.
    pub name: Value,
    /// Descriptions by language.
    pub description: Value,
    /// Hosts that it may call.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// JSON Schema (draft 2020-12) of its configuration.
    pub config: Value,
    /// Logo as an SVG document.
    #[serde(default)]
    pub logo: Option<String>,
    /// Markdown for the admin.
    #[serde(default)]
    pub readme: Option<String>,
    /// An example configuration.
    #[serde(default)]
    pub sample: Option<Value>,
    /// Logto's form description.
    #[serde(default)]
    pub form_items: Option<Value>,
}

/// A configured connector.
#[derive(Debug, Clone)]
pub struct Connector {
    /// Id.
    pub id: ConnectorId,
    /// Which component it runs.
    pub factory_id: FactoryId,
    /// What it does.
    pub kind: ConnectorKind,
    /// The configuration with its secrets, unsealed.
    pub config: Value,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Stands in for a stored secret wherever a configuration is shown; sent back, it means "unchanged".
pub const SECRET_MASK: &str = "••••••••";

/// Replaces the value of every `writeOnly` property by [`SECRET_MASK`].
pub fn mask_secrets(schema: &Value, config: &mut Value) {
    each_secret(schema, config, &mut |value| *value = Value::String(SECRET_MASK.to_owned()));
}

/// Puts the stored secrets back where `config` holds [`SECRET_MASK`]; returns how many.
pub fn restore_secrets(schema: &Value, config: &mut Value, stored: &Value) -> usize {
    let mut old = stored.clone();
    let mut secrets = Vec::new();
    each_secret(schema, &mut old, &mut |value| secrets.push(value.clone()));
    let mut restored = 0;
    let mut secrets = secrets.into_iter();
    each_secret(schema, config, &mut |value| {
        let previous = secrets.next();
        if value.as_str() == Some(SECRET_MASK)
            && let Some(previous) = previous
        {
            *value = previous;
            restored += 1;
        }
    });
    restored
}

/// The values of every `writeOnly` property, for masking in logs.
pub fn secret_values(schema: &Value, config: &Value) -> Vec<String> {
    let mut copy = config.clone();
    let mut values = Vec::new();
    each_secret(schema, &mut copy, &mut |value| values.extend(value.as_str().map(ToOwned::to_owned)));
    values
}

fn each_secret(schema: &Value, config: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    let (Some(properties), Some(object)) =
        (schema.get("properties").and_then(Value::as_object), config.as_object_mut())
    else {
        return;
    };
    for (name, property) in properties {
        let Some(value) = object.get_mut(name) else { continue };
        if property.get("writeOnly") == Some(&Value::Bool(true)) {
            visit(value);
        } else {
            each_secret(property, value, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_and_restored() {
        let schema = json!({ "properties": { "id": {}, "secret": { "writeOnly": true }, "deep": { "properties": { "key": { "writeOnly": true } } } } });
        let stored = json!({ "id": "a", "secret": "s1", "deep": { "key": "s2" } });
        let mut shown = stored.clone();
        mask_secrets(&schema, &mut shown);
        assert_eq!(shown, json!({ "id": "a", "secret": SECRET_MASK, "deep": { "key": SECRET_MASK } }));
        assert_eq!(restore_secrets(&schema, &mut shown, &stored), 2);
        assert_eq!(shown, stored);
        assert_eq!(secret_values(&schema, &stored), ["s1", "s2"]);
    }
}
