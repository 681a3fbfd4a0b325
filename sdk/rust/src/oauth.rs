//! The authorization code flow (RFC 6749 section 4.1) as most social providers speak it, with PKCE (RFC 7636).

use base64::Engine as _;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::http::{self, Response};
use crate::{Callback, Failure, Start, code, random_text, session};

/// How a client proves itself at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// Id and secret in the form.
    Post,
    /// Id and secret in the Authorization header (RFC 6749 section 2.3.1).
    Basic,
    /// Id alone in the form: the proof is among the other parameters, or there is none.
    None,
}

/// A client at a provider.
#[derive(Debug, Clone, Copy)]
pub struct Client<'c> {
    /// Client id.
    pub id: &'c str,
    /// Client secret.
    pub secret: &'c str,
    /// How it proves itself.
    pub auth: ClientAuth,
}

/// The address of the authorization endpoint, with the parameters that every provider takes and `more`.
pub fn authorization_uri(endpoint: &str, client_id: &str, scope: &str, start: &Start, more: &[(&str, &str)]) -> String {
    let scope = start.scope.as_deref().unwrap_or(scope);
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", start.redirect_uri.as_str()),
        ("state", start.state.as_str()),
    ];
    if !scope.is_empty() {
        pairs.push(("scope", scope));
    }
    pairs.extend_from_slice(more);
    http::with_query(endpoint, pairs)
}

/// A new PKCE verifier, kept in the session, and its S256 challenge.
pub fn pkce_challenge() -> Result<String, Failure> {
    let verifier = random_text(32);
    session::set("codeVerifier", &verifier)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())))
}

/// A new nonce, kept in the session.
pub fn nonce() -> Result<String, Failure> {
    let nonce = random_text(16);
    session::set("nonce", &nonce)?;
    Ok(nonce)
}

/// Trades the callback's code for tokens. An answer without an access token is `social-auth-code-invalid`.
pub fn exchange(
    endpoint: &str,
    client: Client<'_>,
    callback: &Callback,
    more: &[(&str, &str)],
) -> Result<Map<String, Value>, Failure> {
    let verifier = session::get("codeVerifier");
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", callback.code()?),
        ("redirect_uri", callback.redirect_uri()?),
    ];
    if let Some(verifier) = &verifier {
        pairs.push(("code_verifier", verifier));
    }
    pairs.extend_from_slice(more);
    tokens(&token_request(endpoint, client, pairs).send()?)
}

/// Trades a refresh token for tokens (RFC 6749 section 6).
pub fn refresh(endpoint: &str, client: Client<'_>, refresh_token: &str) -> Result<Map<String, Value>, Failure> {
    let pairs = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    tokens(&token_request(endpoint, client, pairs).send()?)
}

fn token_request<'p>(endpoint: &str, client: Client<'p>, mut pairs: Vec<(&'p str, &'p str)>) -> http::Request {
    let request = http::post(endpoint).header("accept", "application/json");
    match client.auth {
        ClientAuth::Post => {
            pairs.extend([("client_id", client.id), ("client_secret", client.secret)]);
            request.form(pairs)
        }
        ClientAuth::None => {
            pairs.push(("client_id", client.id));
            request.form(pairs)
        }
        ClientAuth::Basic => request.basic_auth(&http::escape(client.id), &http::escape(client.secret)).form(pairs),
    }
}

/// The token answer: JSON, or a form as some providers still send it.
pub fn tokens(response: &Response) -> Result<Map<String, Value>, Failure> {
    let answer = match serde_json::from_slice::<Value>(&response.body) {
        Ok(Value::Object(answer)) => answer,
        _ => form(&response.text()),
    };
    let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if response.is_success() && text("access_token").is_some() {
        return Ok(answer);
    }
    if response.status == 429 || response.status >= 500 {
        return Err(response.failure(text("error_description").or_else(|| text("error"))));
    }
    let message = text("error_description").or_else(|| text("error")).unwrap_or("The provider gave no access token.");
    let data = json!({ "status": response.status, "error": text("error") });
    Err(Failure::new(code::SOCIAL_AUTH_CODE_INVALID, message).with_data(data))
}

fn form(text: &str) -> Map<String, Value> {
    let decode =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decode(name), Value::String(decode(value))));
    text.split('&').filter_map(pair).collect()
}

/// The token's text in a token answer.
pub fn token<'t>(tokens: &'t Map<String, Value>, name: &str) -> Result<&'t str, Failure> {
    tokens
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Failure::new(code::INVALID_RESPONSE, format!("The provider's token answer has no {name}.")))
}

/// The provider's user information; 401 is `social-invalid-access-token`.
pub fn user_info(request: http::Request) -> Result<Value, Failure> {
    let response = request.header("accept", "application/json").send()?;
    if response.status == 401 {
        let message = "The provider did not accept its own access token.";
        return Err(Failure::new(code::SOCIAL_INVALID_ACCESS_TOKEN, message));
    }
    response.success("/message")
}

/// A text at a JSON pointer, none when it is empty.
pub fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// The user's id at a JSON pointer, as text; `invalid-response` without one.
pub fn id(value: &Value, pointer: &str) -> Result<String, Failure> {
    match value.pointer(pointer) {
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        _ => Err(Failure::new(code::INVALID_RESPONSE, "The provider's answer names no user.")),
    }
}
