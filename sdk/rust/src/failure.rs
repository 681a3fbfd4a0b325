//! Typed failures of a connector call.

use serde_json::Value;

use crate::bindings::imports::keyway::connector::types;

/// The connector error codes of Logto in kebab-case; the host maps each to an HTTP status.
pub mod code {
    /// The provider refused, for a reason of its own (400).
    pub const GENERAL: &str = "general";
    /// The configuration cannot work (400).
    pub const INVALID_CONFIG: &str = "invalid-config";
    /// The provider answered something that is not its protocol (400).
    pub const INVALID_RESPONSE: &str = "invalid-response";
    /// No template for this usage and no Generic one (400).
    pub const TEMPLATE_NOT_FOUND: &str = "template-not-found";
    /// The provider limits sends to this recipient or account (429).
    pub const RATE_LIMIT_EXCEEDED: &str = "rate-limit-exceeded";
    /// A parameter of the message or the callback is wrong (400).
    pub const INVALID_REQUEST_PARAMETERS: &str = "invalid-request-parameters";
    /// The user or the provider refused the sign-in (401).
    pub const AUTHORIZATION_FAILED: &str = "authorization-failed";
    /// The authorization code was not accepted (401).
    pub const SOCIAL_AUTH_CODE_INVALID: &str = "social-auth-code-invalid";
    /// The access token was not accepted (401).
    pub const SOCIAL_INVALID_ACCESS_TOKEN: &str = "social-invalid-access-token";
    /// The ID token is not valid (401).
    pub const SOCIAL_INVALID_ID_TOKEN: &str = "social-invalid-id-token";
    /// The connector cannot do this (501).
    pub const NOT_IMPLEMENTED: &str = "not-implemented";
    /// The provider could not be reached in time; a retry may work.
    pub const UNREACHABLE: &str = "unreachable";
}

/// Why a call failed: for the admin, never for the end user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// One of [`code`].
    pub code: String,
    /// The provider's words, or what the admin should change.
    pub message: String,
    /// Provider details such as its code and request id.
    pub data: Option<Box<Value>>,
    /// After how many milliseconds a retry may work, where the provider said so.
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// A failure with a code of [`code`] and a message for the admin.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), data: None, retry_after_ms: None }
    }

    /// Attaches the provider's details.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(Box::new(data));
        self
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            data: failure.data.map(|data| data.to_string()),
            retry_after_ms: failure.retry_after_ms,
        }
    }
}
