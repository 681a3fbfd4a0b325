//! ID tokens, checked by the server.

use serde_json::{Map, Value, json};

use crate::{Failure, code};

/// What a token must say.
#[derive(Debug, Clone, Default)]
pub struct Rules<'r> {
    /// Address of the provider's key set; its host must be in the manifest.
    pub jwks_uri: &'r str,
    /// Issuers that are accepted; any when empty.
    pub issuers: &'r [&'r str],
    /// The client id.
    pub audience: &'r str,
    /// The nonce of this sign-in.
    pub nonce: Option<&'r str>,
    /// Algorithms that are accepted; all with a public key when empty.
    pub algorithms: &'r [String],
    /// Seconds by which the clocks may differ.
    pub clock_tolerance_seconds: u16,
}

/// The claims of a token whose signature, audience and times are right; else `social-invalid-id-token`.
pub fn verify(token: &str, rules: &Rules<'_>) -> Result<Map<String, Value>, Failure> {
    let mut wire = json!({
        "jwksUri": rules.jwks_uri,
        "issuers": rules.issuers,
        "audience": rules.audience,
        "clockToleranceSeconds": rules.clock_tolerance_seconds,
    });
    if let Some(wire) = wire.as_object_mut() {
        if let Some(nonce) = rules.nonce {
            wire.insert("nonce".into(), json!(nonce));
        }
        if !rules.algorithms.is_empty() {
            wire.insert("algorithms".into(), json!(rules.algorithms));
        }
    }
    let refused =
        |what: String| Failure::new(code::SOCIAL_INVALID_ID_TOKEN, format!("The ID token was refused: {what}."));
    let claims = crate::host::verify_jwt(token, &wire.to_string()).map_err(refused)?;
    serde_json::from_str(&claims).map_err(|error| refused(error.to_string()))
}
