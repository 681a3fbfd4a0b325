//! HTTP over the host's egress guard: buffered, one request and one answer.

use serde::de::DeserializeOwned;

use crate::bindings::keyway::host::http as host;
use crate::{Failure, code};

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Parses the body as JSON; `invalid-response` names the status when it is not.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|_| {
            let message = format!("The provider answered {} with a body that is not the expected JSON.", self.status);
            Failure::new(code::INVALID_RESPONSE, message)
        })
    }
}

/// Sends a form (`application/x-www-form-urlencoded`) whose pairs are already encoded.
pub fn post_encoded_form(url: &str, body: String) -> Result<Response, Failure> {
    fetch("POST", url, &[("content-type", "application/x-www-form-urlencoded")], Some(body.into_bytes()))
}

/// Sends a JSON body.
pub fn post_json(url: &str, body: &impl serde::Serialize) -> Result<Response, Failure> {
    let body = serde_json::to_vec(body).map_err(|error| Failure::new(code::GENERAL, error.to_string()))?;
    fetch("POST", url, &[("content-type", "application/json")], Some(body))
}

/// Sends one request.
pub fn fetch(method: &str, url: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Result<Response, Failure> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = host::Request { method: method.to_owned(), url: url.to_owned(), headers, body };
    match crate::host::fetch(&request) {
        Ok(response) => Ok(Response { status: response.status, body: response.body }),
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

/// Escapes text by RFC 3986: everything but letters, digits and `-_.~`.
pub fn escape(text: &str) -> String {
    const RESERVED: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, RESERVED).to_string()
}
