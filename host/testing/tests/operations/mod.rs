//! Every operation of the Management API, called for good and for each refusal on both databases: what it answers is in
//! `snapshots/`, one file for each test, the same for both. So is what applications see of OpenID Connect and of the Experience API.

mod applications;
mod audit_logs;
mod authorization;
mod connector_factories;
mod connectors;
mod coverage;
mod custom_phrases;
mod email_templates;
mod every;
mod experience_api;
mod images;
mod oidc;
mod resources;
mod roles;
mod sign_in_experience;
mod signing_keys;
mod tenants;
mod transcript;
mod users;

use serde_json::Value;
use transcript::Transcript;

/// A member of an answer that is a string.
fn text<'v>(answer: &'v Value, name: &str) -> &'v str {
    answer[name].as_str().unwrap()
}
