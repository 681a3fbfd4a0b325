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
#[derive(Clone, Copy)]
pub struct Client<'c> {
    /// Client id.
    pub id: &'c str,
    /// Client secret.
    pub secret: &'c str,
    /// How it proves itself.
    pub auth: ClientAuth,
}

impl std::fmt::Debug for Client<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("auth", &self.auth).finish_non_exhaustive()
    }
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
    trade(endpoint, client, pairs)
}

/// Trades a refresh token for tokens (RFC 6749 section 6).
pub fn refresh(endpoint: &str, client: Client<'_>, refresh_token: &str) -> Result<Map<String, Value>, Failure> {
    let pairs = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    trade(endpoint, client, pairs)
}

/// Names of the token request's parameters whose values are in no failure, should the provider repeat its request.
const HIDDEN: [&str; 5] = ["code", "code_verifier", "refresh_token", "client_secret", "client_assertion"];

fn trade(endpoint: &str, client: Client<'_>, pairs: Vec<(&str, &str)>) -> Result<Map<String, Value>, Failure> {
    let mut hidden: Vec<&str> =
        pairs.iter().filter(|(name, _)| HIDDEN.contains(name)).map(|(_, value)| *value).collect();
    hidden.push(client.secret);
    let response = token_request(endpoint, client, pairs).send()?;
    tokens(&response).or_else(|_| tokens(&response.without(&hidden)))
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
    // The answer itself is not quoted: it may hold tokens all the same.
    let message = text("error_description").or_else(|| text("error")).unwrap_or("The provider gave no access token.");
    if response.status == 429 || response.status >= 500 {
        return Err(response.failure(Some(message)));
    }
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

/// The provider's user information; 401 is `social-invalid-access-token`. The request's bearer token is in no failure.
pub fn user_info(request: http::Request) -> Result<Value, Failure> {
    let token = request.bearer_token().unwrap_or_default().to_owned();
    let response = request.header("accept", "application/json").send()?;
    if response.status == 401 {
        let message = "The provider did not accept its own access token.";
        return Err(Failure::new(code::SOCIAL_INVALID_ACCESS_TOKEN, message));
    }
    if response.is_success() { response.json() } else { response.without(&[&token]).success("/message") }
}

/// A text at a JSON pointer, none when it is empty.
pub fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// The user's id at a JSON pointer, as text; `invalid-response` without one. A number that is no whole one of 64 bits has lost
/// digits when JSON was read: two users could become one.
pub fn id(value: &Value, pointer: &str) -> Result<String, Failure> {
    match value.pointer(pointer) {
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        Some(Value::Number(id)) if !id.is_f64() => Ok(id.to_string()),
        _ => Err(Failure::new(code::INVALID_RESPONSE, "The provider's answer names no user.")),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::native::{self, Error, Host, Request, Response};

    /// A provider that gives the same answer to whatever it is asked.
    struct Provider(u16, &'static str);

    impl Host for Provider {
        fn fetch(&self, _: &Request) -> Result<Response, Error> {
            Ok(Response { status: self.0, headers: Vec::new(), body: self.1.into() })
        }

        fn session_get(&self, key: &str) -> Option<String> {
            (key == "codeVerifier").then(|| "the-verifier".to_owned())
        }
    }

    fn exchanged(status: u16, body: &'static str) -> Result<Map<String, Value>, Failure> {
        let client = Client { id: "client", secret: "hush/hush", auth: ClientAuth::Post };
        let parameters = json!({ "code": "the-code", "redirectUri": "https://id.example.com/callback/c" });
        let callback = Callback { parameters: parameters.as_object().cloned().unwrap_or_default() };
        native::with_host(Rc::new(Provider(status, body)), || {
            exchange("https://provider.example/token", client, &callback, &[])
        })
    }

    #[test]
    fn user_id_collision() {
        let user = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for (text, expected) in [
            (r#"{"id":"0042"}"#, Some("0042")),
            (r#"{"id":42}"#, Some("42")),
            (r#"{"id":-1}"#, Some("-1")),
            (r#"{"id":18446744073709551615}"#, Some("18446744073709551615")),
            (r#"{"id":18446744073709551616}"#, None),
            (r#"{"id":18446744073709551617}"#, None),
            (r#"{"id":1.0}"#, None),
            (r#"{"id":1e3}"#, None),
            (r#"{"id":""}"#, None),
            (r#"{"id":true}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"id":["42"]}"#, None),
            (r#"{"id":{"id":"42"}}"#, None),
            (r#"["42"]"#, None),
            (r#""42""#, None),
            ("{}", None),
        ] {
            match (id(&user(text), "/id"), expected) {
                (Ok(given), Some(expected)) => assert_eq!(given, expected),
                (Err(failure), None) => assert_eq!(failure.code, code::INVALID_RESPONSE, "{text}"),
                (given, _) => panic!("{text}: {given:?}"),
            }
        }
    }

    #[test]
    fn secrets_in_errors() {
        let echo = r#"{"error":"code=the-code&code_verifier=the-verifier","error_description":"client_secret=hush%2Fhush or hush/hush"}"#;
        for (status, body) in [
            (400, echo),
            (200, echo),
            (503, echo),
            (500, "<pre>code=the-code&client_secret=hush%2Fhush</pre>"),
            (500, r#"{"access_token":"the-token"}"#),
            (400, r#"{"access_token":"the-token"}"#),
        ] {
            let failure = exchanged(status, body).unwrap_err();
            let shown = format!("{failure:?}");
            for secret in ["the-code", "the-verifier", "hush", "the-token"] {
                assert!(!shown.contains(secret), "{status} {body}: {shown}");
            }
        }
        for (status, body) in [
            (400, r#"{"message":"No such token: the-token"}"#),
            (500, "<pre>authorization: Bearer the-token</pre>"),
            (200, "<pre>authorization: Bearer the-token</pre>"),
            (401, "the-token"),
        ] {
            let failure = native::with_host(Rc::new(Provider(status, body)), || {
                user_info(http::get("https://provider.example/me").bearer("the-token"))
            });
            let shown = format!("{:?}", failure.unwrap_err());
            assert!(!shown.contains("the-token"), "{status} {body}: {shown}");
        }
        let client = Client { id: "client", secret: "hush", auth: ClientAuth::Post };
        assert!(!format!("{client:?}").contains("hush"));
    }

    #[test]
    fn hostile_token_answers_are_refused_and_both_forms_are_understood() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#""access_token""#,
            r#"{"access_token":""}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":{"a":"b"}}"#,
            r#"["access_token"]"#,
            "access_token",
            "access_token=",
            "=access_token",
            "%00\u{0}%ff",
        ] {
            let failure = exchanged(200, body).unwrap_err();
            assert_eq!(failure.code, code::SOCIAL_AUTH_CODE_INVALID, "{body}");
        }
        for body in [r#"{"access_token":"a b"}"#, "access_token=a+b&scope=x", "scope=x&access_token=a%20b"] {
            assert_eq!(token(&exchanged(200, body).unwrap(), "access_token").unwrap(), "a b", "{body}");
        }
    }
}
