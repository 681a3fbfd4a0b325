//! A configuration field that is written once and never shown again.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// A secret string: `writeOnly` in the schema, so the host seals it at rest, returns it to nobody and masks it in logs.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for signing or authenticating a request.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "writeOnly": true })
    }
}

/// A private key that never enters the connector: the server signs with it. What the connector holds is a reference.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct HostKey(String);

impl HostKey {
    /// Signs with `RS256`, `RS384`, `RS512` or `ES256`; the error says what is wrong with the key.
    pub fn sign(&self, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, crate::Failure> {
        crate::host::sign(algorithm, &self.0, data)
            .map_err(|what| crate::Failure::new(crate::code::INVALID_CONFIG, format!("Not signed: {what}.")))
    }
}

impl JsonSchema for HostKey {
    fn schema_name() -> Cow<'static, str> {
        "HostKey".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "writeOnly": true, "x-host-key": true, "x-multiline": true })
    }
}
