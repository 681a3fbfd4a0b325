//! The checks of an upload: the same for the server and for an author's `keyway connector check`.

use std::sync::Arc;

use jsonschema::{Draft, PatternOptions};
use keyway_model::connector::Manifest;
use keyway_sandbox::{CallError, Component, LoadError, Problem, Sandbox};
use serde_json::{Value, json};

use super::schema;

/// Largest schema, in bytes of JSON.
const MOST_SCHEMA: usize = 64 * 1024;
/// Longest pattern of a schema, in characters.
const MOST_PATTERN: usize = 500;

/// Checks a component that nobody vouches for: bytes, code, manifest, schema and sample.
pub async fn check_upload(sandbox: &Arc<Sandbox>, wasm: &[u8]) -> Result<Arc<Component>, LoadError> {
    let component = sandbox.admit(wasm).await?;
    let problems = schema_problems(component.manifest());
    if !problems.is_empty() {
        return Err(LoadError(problems));
    }
    if let Some(sample) = &component.manifest().sample {
        let refused = |what: String| LoadError(vec![Problem::new("upload.sample_refused", what)]);
        schema::check(&component.manifest().config, sample).map_err(|refusal| {
            refused(format!("The manifest's sample is not what its schema asks for: {}", refusal.message))
        })?;
        match sandbox.validate(&component, sample).await {
            Ok(()) => {}
            Err(CallError::Failure(failure)) => {
                return Err(refused(format!(
                    "Its function validate refuses the manifest's sample: {}",
                    failure.message
                )));
            }
            Err(error) => {
                return Err(refused(format!("Its function validate failed on the manifest's sample: {error}.")));
            }
        }
    }
    Ok(component)
}

/// What is wrong with a manifest's configuration schema.
fn schema_problems(manifest: &Manifest) -> Vec<Problem> {
    let problem = |what: String| vec![Problem::new("upload.schema_invalid", format!("The manifest's config: {what}"))];
    let config = &manifest.config;
    if config.to_string().len() > MOST_SCHEMA {
        return problem(format!("a schema has {MOST_SCHEMA} bytes at most."));
    }
    if config.get("type") != Some(&json!("object")) {
        return problem("its type must be \"object\".".into());
    }
    if let Err(error) = jsonschema::meta::validate(config) {
        return problem(format!("it is no JSON Schema: {error} (at {:?}).", error.instance_path().to_string()));
    }
    let mut found = Vec::new();
    each(config, &mut |name, value| {
        if name == "$ref" && !value.as_str().is_some_and(|target| target.starts_with('#')) {
            found.extend(problem(format!("$ref: {value} must point into the schema itself.")));
        }
        if name == "pattern" && value.as_str().is_some_and(|pattern| pattern.chars().count() > MOST_PATTERN) {
            found.extend(problem(format!("a pattern has {MOST_PATTERN} characters at most.")));
        }
    });
    // Patterns must work on an engine whose time grows with the text alone, so none with look-around or back references.
    let built = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .build(config);
    if let (Err(error), true) = (built, found.is_empty()) {
        found.extend(problem(format!("it cannot be used: {error}.")));
    }
    found
}

fn each(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                visit(name, inner);
                each(inner, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(config: &Value) -> Vec<Problem> {
        let manifest = json!({
            "manifest": 1, "id": "a", "target": "a", "kind": "sms", "version": "1.0.0", "contract": "1.0.0",
            "name": { "en": "A" }, "description": {}, "config": config,
        });
        schema_problems(&serde_json::from_value(manifest).unwrap())
    }

    #[test]
    fn schema_bombs_are_refused() {
        let text = |pattern: &str| json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": pattern } } });
        assert_eq!(problems(&text("^[a-z]+$")), []);
        for config in [
            json!({ "type": "string" }),
            json!({ "type": "object", "properties": 5 }),
            json!({ "type": "object", "properties": { "a": { "$ref": "https://evil.example/schema" } } }),
            text("(a+)+\\1"),
            text("(?=a)b"),
            text(&"a".repeat(501)),
            text("(((a{1,1000}){1,1000}){1,1000})"),
            json!({ "type": "object", "description": "x".repeat(70_000) }),
        ] {
            assert!(!problems(&config).is_empty(), "{config}");
        }
    }
}
