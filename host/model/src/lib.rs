//! Plain types and pure rules of Keyway: no I/O, no async, no clock of its own.

pub mod application;
pub mod audit_log;
pub mod clock;
pub mod connector;
pub mod connector_failure;
pub mod connector_kind;
pub mod consent;
pub mod custom_phrases;
pub mod display;
pub mod email_template;
pub mod error;
pub mod history;
#[cfg(test)]
mod hostile_input;
pub mod id;
pub mod identifier;
pub mod interaction;
pub mod language;
pub mod look;
pub mod manifest_rules;
pub mod marks;
pub mod network;
pub mod oauth;
pub mod password_policy;
mod patch;
pub mod phone;
pub mod reason;
pub mod redirect;
pub mod resource;
pub mod schema;
pub mod session;
pub mod sign_in_experience;
pub mod strict_json;
pub mod tenant;
pub mod text;
pub mod user;
pub mod user_profile;

pub use clock::{Clock, Rng, Timestamp};
pub use error::{ErrorCode, Refusal};
pub use id::*;
pub use patch::{Merge, ObjectChange, Patch};
pub use reason::{Detail, Reason};
