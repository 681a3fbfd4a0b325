//! HTTP over the host's egress guard: buffered, one request and one answer.

use base64::Engine as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::bindings::imports::keyway::host::http as host;
use crate::{Failure, code};

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    /// Names and values in order.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The answer without these values, as they are and escaped, should the provider repeat what it was sent.
    pub(crate) fn without(mut self, secrets: &[&str]) -> Self {
        let mut text = self.text();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(&escape(secret), "•••").replace(secret, "•••");
        }
        self.body = text.into_bytes();
        self
    }

    /// The failure that an answer of 4xx or 5xx means, in the provider's words: 429 limits, 5xx may work later.
    pub fn failure(&self, words: Option<&str>) -> Failure {
        let kind = match self.status {
            429 => code::RATE_LIMIT_EXCEEDED,
            500.. => code::UNREACHABLE,
            _ => code::GENERAL,
        };
        let short: String = self.text().chars().take(500).collect();
        let words = words.map(str::trim).filter(|words| !words.is_empty());
        let message =
            words.map_or_else(|| format!("The provider answered {}: {short}", self.status), ToOwned::to_owned);
        let seconds = self.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok());
        let mut failure = Failure::new(kind, message).with_data(json!({ "status": self.status }));
        failure.retry_after_ms = seconds.map(|seconds| seconds.saturating_mul(1000));
        failure
    }

    /// The body as JSON of an answer of 2xx; else the failure, with the text that stands at `words` (a JSON pointer).
    pub fn success(&self, words: &str) -> Result<Value, Failure> {
        if self.is_success() {
            return self.json();
        }
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        Err(self.failure(body.pointer(words).and_then(Value::as_str)))
    }

    /// Parses the body as JSON; `invalid-response` names the status when it is not.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|_| {
            let message = format!("The provider answered {} with a body that is not the expected JSON.", self.status);
            Failure::new(code::INVALID_RESPONSE, message)
        })
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Request(host::Request);

/// A GET request.
pub fn get(url: impl Into<String>) -> Request {
    request("GET", url)
}

/// A POST request.
pub fn post(url: impl Into<String>) -> Request {
    request("POST", url)
}

/// A request with any method.
pub fn request(method: &str, url: impl Into<String>) -> Request {
    Request(host::Request { method: method.to_owned(), url: url.into(), headers: Vec::new(), body: None })
}

impl Request {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Proves itself by user name and password (RFC 7617).
    #[must_use]
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", format!("Basic {pair}"))
    }

    /// Proves itself by a token (RFC 6750).
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// The token of [`Self::bearer`].
    pub(crate) fn bearer_token(&self) -> Option<&str> {
        let mut values = self.0.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        values.next().and_then(|(_, value)| value.strip_prefix("Bearer "))
    }

    /// Adds query parameters to the address.
    #[must_use]
    pub fn query<'p>(mut self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        self.0.url = with_query(&self.0.url, pairs);
        self
    }

    /// A form as the body.
    #[must_use]
    pub fn form<'p>(self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        self.encoded_form(encode(pairs))
    }

    /// A form whose pairs are encoded already.
    #[must_use]
    pub fn encoded_form(self, body: String) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").body(body.into_bytes())
    }

    /// JSON as the body.
    #[must_use]
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string().into_bytes())
    }

    /// Bytes as the body.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.0.body = Some(body);
        self
    }

    /// Sends it; an answer of any status is a success.
    pub fn send(self) -> Result<Response, Failure> {
        match crate::host::fetch(&self.0) {
            Ok(response) => Ok(Response { status: response.status, headers: response.headers, body: response.body }),
            Err(host::Error::Denied(what)) => {
                Err(Failure::new(code::GENERAL, format!("The request was not allowed: {what}")))
            }
            Err(host::Error::Invalid(what)) => {
                Err(Failure::new(code::INVALID_CONFIG, format!("The request is malformed: {what}")))
            }
            Err(host::Error::Timeout) => Err(Failure::new(code::UNREACHABLE, "The provider did not answer in time.")),
            Err(host::Error::Unreachable) => Err(Failure::new(code::UNREACHABLE, "The provider could not be reached.")),
            Err(host::Error::TooLarge) => {
                Err(Failure::new(code::INVALID_RESPONSE, "The provider's answer is larger than allowed."))
            }
        }
    }
}

/// An address with query parameters added.
pub fn with_query<'p>(url: &str, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let query = encode(pairs);
    match (url.contains('?'), query.is_empty()) {
        (_, true) => url.to_owned(),
        (false, _) => format!("{url}?{query}"),
        (true, _) => format!("{url}&{query}"),
    }
}

/// Pairs as `application/x-www-form-urlencoded`.
pub fn encode<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

/// Escapes text by RFC 3986: everything but letters, digits and `-_.~`.
pub fn escape(text: &str) -> String {
    const RESERVED: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, RESERVED).to_string()
}
