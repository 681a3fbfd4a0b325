//! Write a Keyway connector in Rust: implement [`Connector`] and one of [`Sms`], [`Email`], [`OAuth`], [`Social`], name the
//! type in the matching macro, and run `keyway connector build`.
//!
//! ```ignore
//! use keyway_connector::{Connector, Failure, Manifest, Message, Sent, Sms, export_sms, http};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields, rename_all = "camelCase")]
//! struct Config { endpoint: String }
//!
//! struct Example;
//! impl Connector for Example {
//!     type Config = Config;
//!     fn manifest() -> Manifest { Manifest::sms("example-sms", "example", "Example", "0.1.0").host("api.example.com") }
//! }
//! impl Sms for Example {
//!     fn send(config: &Config, message: &Message) -> Result<Sent, Failure> { … }
//! }
//! export_sms!(Example);
//! ```

mod arena;
#[doc(hidden)]
pub mod bindings;
pub mod cache;
mod connector;
mod export;
mod failure;
mod host;
pub mod http;
pub mod jwt;
mod manifest;
mod message;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
pub mod oauth;
mod profile;
pub mod secret;
pub mod session;
pub mod smtp;
mod social;
mod standard_oauth;
pub mod template;
pub mod time;

pub use connector::Connector;
pub use failure::{Failure, code};
pub use host::Level;
pub use manifest::Manifest;
pub use message::{Email, Message, Sent, Sms, TenantTemplate};
pub use profile::Profile;
pub use secret::{HostKey, Secret};
pub use social::{Callback, Social, SocialTokens, Start, UserInfo};
pub use standard_oauth::{OAuth, OAuthConfig, StandardOAuth};

/// What the exporting macros call; not for connectors.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::imports::keyway::connector::types::{Failure as WireFailure, Message as WireMessage};
    pub use crate::connector::{describe, validate};
    pub use crate::message::{SendFn, send_email, send_sms};
    pub use crate::social::{authorization_uri, refresh, tokens_and_user_info, user_info};

    pub type StartFn = fn(&str, &crate::Start) -> Result<String, WireFailure>;
}

/// Writes a line to the connector's log, which the admin reads. Secrets and recipients are masked by the host.
pub fn log(message: &str) {
    host::log(Level::Info, message);
}

/// As [`log`], at a level of its own.
pub fn log_at(level: Level, message: &str) {
    host::log(level, message);
}

/// Milliseconds since the Unix epoch, from the server's clock.
pub fn now_ms() -> u64 {
    host::now_ms()
}

/// A random UUID from the server's cryptographic random source.
pub fn uuid() -> String {
    host::uuid()
}

/// Random text of letters, digits, `-` and `_`, from the server's cryptographic random source.
pub fn random_text(bytes: u32) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(host::random_bytes(bytes))
}
