//! How the server proves itself to a relay.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyway_connector::oauth::{self, Client, ClientAuth};
use keyway_connector::{Failure, HostKey, Secret, cache, http, now_ms};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const GOOGLE: &str = "https://oauth2.googleapis.com/token";

/// The word that chooses OAuth 2.0.
#[derive(Deserialize, JsonSchema)]
pub enum OAuth2 {
    /// The only one.
    #[serde(rename = "oauth2", alias = "OAuth2")]
    OAuth2,
}

/// The word for user name and password, which may be left out.
#[derive(Deserialize, JsonSchema)]
pub enum Login {
    /// The only one.
    #[serde(rename = "login")]
    Login,
}

/// One of three ways.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Auth {
    /// A Google service account that acts for the user.
    #[serde(rename_all = "camelCase")]
    Service {
        /// oauth2.
        #[serde(rename = "type")]
        _kind: OAuth2,
        /// The mailbox.
        user: String,
        /// The service account's private key, PEM; it stays in the server.
        private_key: HostKey,
        /// The service account's client e-mail address.
        service_client: String,
    },
    /// Tokens of an OAuth client.
    #[serde(rename_all = "camelCase")]
    Tokens {
        /// oauth2.
        #[serde(rename = "type")]
        _kind: OAuth2,
        /// The mailbox.
        user: String,
        /// The client's id.
        client_id: Option<String>,
        /// The client's secret.
        client_secret: Option<Secret>,
        /// A refresh token.
        refresh_token: Option<Secret>,
        /// An access token, for relays without refresh tokens.
        access_token: Option<Secret>,
        /// Kept for compatibility: when the access token ends.
        #[serde(rename = "expires")]
        _expires: Option<u64>,
        /// The provider's token endpoint; Google's when absent.
        access_url: Option<String>,
    },
    /// User name and password, or neither.
    Login {
        /// login.
        #[serde(rename = "type")]
        _kind: Option<Login>,
        /// User name.
        user: Option<String>,
        /// Password.
        pass: Option<Secret>,
    },
}

/// User name and password for the relay, and the mechanism.
type Credentials = (Option<(String, String)>, Option<String>);

impl Auth {
    /// What the relay is told; an access token is asked for where none is kept.
    pub fn credentials(&self) -> Result<Credentials, Failure> {
        let xoauth2 = |user: &str, token: String| Ok((Some((user.to_owned(), token)), Some("xoauth2".to_owned())));
        match self {
            Self::Login { user, pass, .. } => {
                let pair = user.clone().zip(pass.as_ref().map(|pass| pass.expose().to_owned()));
                Ok((pair, None))
            }
            Self::Service { user, private_key, service_client, .. } => {
                xoauth2(user, kept(|| service_token(user, private_key, service_client))?)
            }
            Self::Tokens { user, client_id, client_secret, refresh_token, access_token, access_url, .. } => {
                let Some(refresh) = refresh_token else {
                    let token = access_token.as_ref().map(|token| token.expose().to_owned()).unwrap_or_default();
                    return xoauth2(user, token);
                };
                let client = Client {
                    id: client_id.as_deref().unwrap_or_default(),
                    secret: client_secret.as_ref().map(Secret::expose).unwrap_or_default(),
                    auth: ClientAuth::Post,
                };
                let endpoint = access_url.as_deref().unwrap_or(GOOGLE);
                xoauth2(user, kept(|| oauth::refresh(endpoint, client, refresh.expose()))?)
            }
        }
    }
}

/// The access token that an earlier call kept, or a new one.
fn kept(new: impl FnOnce() -> Result<Map<String, Value>, Failure>) -> Result<String, Failure> {
    if let Some(token) = cache::get("access-token") {
        return Ok(token);
    }
    let tokens = new()?;
    let token = oauth::token(&tokens, "access_token")?.to_owned();
    let seconds = tokens.get("expires_in").and_then(Value::as_u64).unwrap_or(600).saturating_sub(60);
    cache::set("access-token", &token, u32::try_from(seconds).unwrap_or(600))?;
    Ok(token)
}

/// An access token for a service account (RFC 7523 section 2.1).
fn service_token(user: &str, key: &HostKey, client: &str) -> Result<Map<String, Value>, Failure> {
    let now = now_ms() / 1000;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": client, "sub": user, "scope": "https://mail.google.com/", "aud": GOOGLE, "iat": now, "exp": now + 3600,
    });
    let signed = format!("{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
    let signature = key.sign("RS256", signed.as_bytes())?;
    let assertion = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    oauth::tokens(&http::post(GOOGLE).form([("grant_type", grant), ("assertion", &assertion)]).send()?)
}
