//! Checks a configuration against its connector's schema and says what is wrong.

use std::sync::Arc;
use std::time::Duration;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{Draft, JsonType, PatternOptions, ValidationError, ValidationOptions};
use keyway_model::connector::Manifest;
use keyway_model::reason::{FieldProblem, Types};
use keyway_model::{Detail, Reason, schema};
use serde_json::{Value, json};

/// Most problems that one answer lists.
const MAX_PROBLEMS: usize = 10;

/// How long one configuration may take. The budget bounds the work; this bounds what the budget does not know.
const TIME: Duration = Duration::from_secs(2);

/// Largest program that a pattern becomes, in bytes.
const MAX_PROGRAM: usize = 256 * 1024;

/// How schemas are read: no other draft, no reference to elsewhere, and patterns whose time grows with the text alone.
pub(super) fn options() -> ValidationOptions<'static> {
    let patterns = PatternOptions::regex().size_limit(MAX_PROGRAM).dfa_size_limit(MAX_PROGRAM);
    jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns)
}

/// The same as [`check`], off the request threads and with a deadline.
pub(super) async fn check_in_time(manifest: &Arc<Manifest>, config: &Value) -> Result<(), Detail> {
    let (manifest, config) = (Arc::clone(manifest), config.clone());
    let work = tokio::task::spawn_blocking(move || check(&manifest.config, &config));
    tokio::time::timeout(TIME, work).await.ok().and_then(Result::ok).unwrap_or(Err(Reason::ConfigSlow.into()))
}

/// Refuses a configuration that the schema does not accept.
pub fn check(schema: &Value, config: &Value) -> Result<(), Detail> {
    if !schema::is_affordable(schema, config) {
        return Err(Reason::ConfigTooLarge.into());
    }
    let validator = options().build(schema).map_err(|_| Reason::SchemaUnusable)?;
    // Most configurations are right, and an error holds copies of what it is about.
    if validator.is_valid(config) {
        return Ok(());
    }
    let problem = |error: ValidationError<'_>| FieldProblem { path: field(&error), detail: detail(schema, &error) };
    Err(Detail::Fields(validator.iter_errors(config).take(MAX_PROBLEMS).map(problem).collect()))
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
    let inner = match error.kind() {
        Kind::Required { property } => property.as_str(),
        Kind::AdditionalProperties { unexpected } => unexpected.first().map(String::as_str),
        _ => None,
    };
    match (inner, name.is_empty()) {
        (Some(inner), true) => inner.to_owned(),
        (Some(inner), false) => format!("{name}.{inner}"),
        (None, true) => "config".to_owned(),
        (None, false) => name,
    }
}

fn detail(schema: &Value, error: &ValidationError<'_>) -> Detail {
    let path = error.schema_path().to_string();
    if let Some(own) = own_message(schema, &path) {
        let own: Box<str> = own.into();
        return if own.starts_with("must") { Detail::Quoted(own) } else { Reason::AsDescribed { words: own }.into() };
    }
    let reason = match error.kind() {
        Kind::Required { .. } => Reason::Missing,
        Kind::AdditionalProperties { .. } => Reason::NoSettingOfConnector,
        Kind::MinLength { .. } => Reason::Empty,
        Kind::Type { kind } => Reason::Type { types: types(kind) },
        Kind::Enum { options } => Reason::Value { values: options.to_string().into() },
        Kind::Pattern { pattern } => Reason::Pattern { pattern: json!(pattern).to_string().into() },
        Kind::Minimum { limit } => Reason::AtLeast { least: limit.to_string().into() },
        Kind::Maximum { limit } => Reason::AtMost { most: limit.to_string().into() },
        Kind::MinItems { limit } => Reason::Entries { least: *limit },
        _ => Reason::Form,
    };
    reason.into()
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

/// The names of types; that of nothing is the last.
fn types(kind: &TypeKind) -> Types {
    let mut names: Vec<&'static str> = match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(several) => several.iter().map(JsonType::as_str).collect(),
    };
    names.sort_by_key(|name| *name == JsonType::Null.as_str());
    Types(names)
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
        let types = |name: &'static str| Reason::Type { types: Types(vec![name]) }.into();
        for (config, path, detail) in [
            (json!({ "list": ["a"] }), "id", Reason::Missing.into()),
            (json!({ "id": "", "list": ["a"] }), "id", Reason::Empty.into()),
            (json!({ "id": 1, "list": ["a"] }), "id", types("string")),
            (json!({ "id": "x", "list": [] }), "list", Detail::Quoted("must hold \"a\"".into())),
            (json!({ "id": "x", "list": ["a", 1] }), "list[1]", types("string")),
            (json!({ "id": "x", "list": ["a"], "extra": 1 }), "extra", Reason::NoSettingOfConnector.into()),
            (
                json!({ "id": "x", "list": ["a"], "code": 1 }),
                "code",
                Reason::AsDescribed { words: "a code".into() }.into(),
            ),
            (json!([]), "config", types("object")),
        ] {
            let expected = Detail::Fields(vec![FieldProblem { path: path.to_owned(), detail }]);
            assert_eq!(check(&schema(), &config), Err(expected), "{config}");
        }
        assert_eq!(check(&schema(), &json!({ "id": "x", "list": ["a"] })), Ok(()));
    }
}
