//! Every operation of the Management API, called for good and for each refusal on both databases: what it answers is in
//! `snapshots/`, one file for each aggregate, the same for both.

mod applications;
mod sign_in_experience;
mod transcript;

use serde_json::Value;
use transcript::Transcript;

/// A member of an answer that is a string.
fn text<'v>(answer: &'v Value, name: &str) -> &'v str {
    answer[name].as_str().unwrap()
}
