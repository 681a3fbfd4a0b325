//! What the standard connectors share: client authentication at any token endpoint.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use keyway_connector::oauth::ClientAuth;
use keyway_connector::{Secret, StandardOAuth, now_ms, uuid};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

/// How a client proves itself (OpenID Connect Core 1.0 section 9).
#[derive(Debug, Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum AuthMethod {
    /// Id and secret in the form.
    ClientSecretPost,
    /// Id and secret in the Authorization header.
    ClientSecretBasic,
    /// A JWT signed with the secret.
    ClientSecretJwt,
}

/// The algorithm of that JWT.
#[derive(Debug, Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[schemars(inline)]
#[expect(missing_docs, reason = "the names of RFC 7518")]
pub enum JwtAlgorithm {
    HS256,
    HS384,
    HS512,
}

/// A client of a standard provider.
pub struct StandardClient<'c> {
    /// Client id.
    pub id: &'c str,
    /// Client secret.
    pub secret: &'c Secret,
    /// How it proves itself.
    pub method: Option<AuthMethod>,
    /// For [`AuthMethod::ClientSecretJwt`].
    pub algorithm: Option<JwtAlgorithm>,
    /// Parameters to add, under names such as `someName` for `some_name`.
    pub custom: &'c BTreeMap<String, String>,
}

impl<'c> StandardClient<'c> {
    /// The provider as this client sends browsers to it.
    pub fn to_authorize(&self, endpoint: &'c str) -> StandardOAuth<'c> {
        StandardOAuth::new(self.id, self.secret).authorization_endpoint(endpoint)
    }

    /// The provider as this client trades codes there.
    pub fn to_exchange(&self, endpoint: &'c str) -> StandardOAuth<'c> {
        let provider =
            StandardOAuth::new(self.id, self.secret).token_endpoint(endpoint).token_parameters(parameters(self.custom));
        match self.method.unwrap_or(AuthMethod::ClientSecretPost) {
            AuthMethod::ClientSecretPost => provider,
            AuthMethod::ClientSecretBasic => provider.client_auth(ClientAuth::Basic),
            AuthMethod::ClientSecretJwt => provider.client_auth(ClientAuth::None).token_parameters([
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
                ("client_assertion", self.assertion(endpoint)),
            ]),
        }
    }

    /// The client assertion of RFC 7523 section 2.2, good for ten minutes.
    fn assertion(&self, audience: &str) -> String {
        let algorithm = self.algorithm.unwrap_or(JwtAlgorithm::HS256);
        let now = now_ms() / 1000;
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": audience, "jti": uuid(), "iat": now, "exp": now + 600,
        });
        let signed = format!("{}.{}", part(json!({ "alg": format!("{algorithm:?}"), "typ": "JWT" })), part(claims));
        let (key, text) = (self.secret.expose().as_bytes(), signed.as_bytes());
        let signature = match algorithm {
            JwtAlgorithm::HS256 => mac::<Hmac<Sha256>>(key, text),
            JwtAlgorithm::HS384 => mac::<Hmac<Sha384>>(key, text),
            JwtAlgorithm::HS512 => mac::<Hmac<Sha512>>(key, text),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Configured parameters under their names of the wire: `maxAge` becomes `max_age`.
pub fn parameters(configured: &BTreeMap<String, String>) -> impl Iterator<Item = (String, &str)> {
    configured.iter().map(|(name, value)| (wire_name(name), value.as_str()))
}

fn wire_name(name: &str) -> String {
    name.chars()
        .flat_map(|c| if c.is_ascii_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] })
        .collect()
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so this cannot fail; an empty signature is refused by the provider.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}
