//! Checks a configuration against its connector's schema and says in an admin's words what is wrong.

use std::sync::Arc;
use std::time::Duration;

use jsonschema::{Draft, PatternOptions, ValidationError, ValidationOptions};
use keyway_model::connector::Manifest;
use keyway_model::schema;
use serde::Serialize;
use serde_json::{Value, json};

/// Most problems that one answer lists.
const MAX_PROBLEMS: usize = 10;

/// How long one configuration may take. The budget bounds the work; this bounds what the budget does not know.
const TIME: Duration = Duration::from_secs(2);

/// Largest program that a pattern becomes, in bytes.
const MAX_PROGRAM: usize = 256 * 1024;

/// A field of a configuration that its connector cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The field as people write it: `templates[0].templateCode`.
    pub path: String,
    /// What it should be, as the rest of a sentence that begins with the field.
    pub message: String,
}

/// Why a configuration does not suit its connector; the sentences are for an admin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Checking it would take more than the budget of the schema.
    #[error("The configuration is too large for its connector's schema.")]
    TooLarge,
    /// The schema is none.
    #[error("The connector's schema cannot be used.")]
    Schema,
    /// The check did not end in time.
    #[error("The configuration takes too long to check.")]
    Slow,
    /// Fields of it are wrong.
    #[error("{}.", sentences(.0))]
    Fields(Vec<FieldProblem>),
}

impl ConfigError {
    /// The fields that are wrong.
    pub fn fields(&self) -> &[FieldProblem] {
        match self {
            Self::Fields(problems) => problems,
            _ => &[],
        }
    }
}

fn sentences(problems: &[FieldProblem]) -> String {
    let sentence = |problem: &FieldProblem| format!("{} {}", problem.path, problem.message);
    problems.iter().map(sentence).collect::<Vec<_>>().join("; ")
}

/// How schemas are read: no other draft, no reference to elsewhere, and patterns whose time grows with the text alone.
pub(super) fn options() -> ValidationOptions<'static> {
    let patterns = PatternOptions::regex().size_limit(MAX_PROGRAM).dfa_size_limit(MAX_PROGRAM);
    jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns)
}

/// The same as [`check`], off the request threads and with a deadline.
pub(super) async fn check_in_time(manifest: &Arc<Manifest>, config: &Value) -> Result<(), ConfigError> {
    let (manifest, config) = (Arc::clone(manifest), config.clone());
    let work = tokio::task::spawn_blocking(move || check(&manifest.config, &config));
    tokio::time::timeout(TIME, work).await.ok().and_then(Result::ok).unwrap_or(Err(ConfigError::Slow))
}

/// Refuses a configuration that the schema does not accept.
pub fn check(schema: &Value, config: &Value) -> Result<(), ConfigError> {
    if !schema::is_affordable(schema, config) {
        return Err(ConfigError::TooLarge);
    }
    let validator = options().build(schema).map_err(|_| ConfigError::Schema)?;
    // Most configurations are right, and an error holds copies of what it is about.
    if validator.is_valid(config) {
        return Ok(());
    }
    let problem = |error: ValidationError<'_>| FieldProblem { path: field(&error), message: sentence(schema, &error) };
    Err(ConfigError::Fields(validator.iter_errors(config).take(MAX_PROBLEMS).map(problem).collect()))
}

/// The field as people write it: `templates[0].templateCode`.
fn field(error: &ValidationError<'_>) -> String {
    let pointer = error.instance_path().to_string();
    let mut name = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            name.push('[');
            name.push_str(part);
            name.push(']');
        } else {
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(part);
        }
    }
    let kind = json_of(error);
    let inner = kind.get("property").and_then(Value::as_str);
    match (inner, name.is_empty()) {
        (Some(inner), true) => inner.to_owned(),
        (Some(inner), false) => format!("{name}.{inner}"),
        (None, true) => "config".to_owned(),
        (None, false) => name,
    }
}

fn json_of(error: &ValidationError<'_>) -> Value {
    use jsonschema::error::ValidationErrorKind as Kind;
    match error.kind() {
        Kind::Required { property } => json!({ "property": property.as_str() }),
        Kind::AdditionalProperties { unexpected } => json!({ "property": unexpected.first() }),
        _ => Value::Null,
    }
}

fn sentence(schema: &Value, error: &ValidationError<'_>) -> String {
    let path = error.schema_path().to_string();
    if let Some(own) = own_message(schema, &path) {
        return format!("must be {own}").replace("must be must", "must");
    }
    let limit = schema.pointer(&path).cloned().unwrap_or_default();
    match error.kind().keyword() {
        "required" => "is missing".to_owned(),
        "additionalProperties" => "is not a setting of this connector".to_owned(),
        "minLength" => "must not be empty".to_owned(),
        "type" => format!("must be {}", type_words(&limit)),
        "enum" => format!("must be one of {limit}"),
        "pattern" => format!("must match the pattern {limit}"),
        "minimum" => format!("must be at least {limit}"),
        "maximum" => format!("must be at most {limit}"),
        "minItems" => format!("must have at least {limit} entries"),
        _ => "does not have the expected form".to_owned(),
    }
}

/// The schema author's own sentence: `x-message` beside the keyword that failed, or one level up.
fn own_message<'a>(schema: &'a Value, path: &str) -> Option<&'a str> {
    let mut at = path;
    for _ in 0..2 {
        at = at.rsplit_once('/')?.0;
        if let Some(message) = schema.pointer(at).and_then(|part| part.get("x-message")).and_then(Value::as_str) {
            return Some(message);
        }
    }
    None
}

fn type_words(expected: &Value) -> String {
    let word = |name: &str| match name {
        "string" => "text",
        "object" => "an object {…}",
        "array" => "a list […]",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        _ => "empty",
    };
    match expected {
        Value::String(name) => word(name).to_owned(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join(" or "),
        _ => "of another type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["id", "list"],
            "properties": {
                "id": { "type": "string", "minLength": 1 },
                "list": { "type": "array", "allOf": [{ "contains": { "const": "a" }, "x-message": "must hold \"a\"" }], "items": { "type": "string" } },
                "code": { "anyOf": [{ "type": "string" }], "x-message": "a code" },
            },
        })
    }

    #[test]
    fn each_problem_names_the_field_and_what_it_should_be() {
        for (config, expected) in [
            (json!({ "list": ["a"] }), "id is missing"),
            (json!({ "id": "", "list": ["a"] }), "id must not be empty"),
            (json!({ "id": 1, "list": ["a"] }), "id must be text"),
            (json!({ "id": "x", "list": [] }), "list must hold \"a\""),
            (json!({ "id": "x", "list": ["a", 1] }), "list[1] must be text"),
            (json!({ "id": "x", "list": ["a"], "extra": 1 }), "extra is not a setting of this connector"),
            (json!({ "id": "x", "list": ["a"], "code": 1 }), "code must be a code"),
            (json!([]), "config must be an object {…}"),
        ] {
            let message = check(&schema(), &config).unwrap_err().to_string();
            assert!(message.contains(expected), "{expected:?} in {message:?}");
        }
        assert_eq!(check(&schema(), &json!({ "id": "x", "list": ["a"] })), Ok(()));
    }
}
