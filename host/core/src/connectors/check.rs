//! The checks of an upload: the same for the server and for an author's `keyway connector check`.

use std::sync::Arc;

use super::schema;
use keyway_model::ErrorCode;
use keyway_model::connector::Manifest;
use keyway_sandbox::{CallError, Component, LoadError, Problem, Sandbox};

/// Checks a component that nobody vouches for: bytes, manifest and schema before anything is compiled, then code and sample.
pub async fn check_upload(sandbox: &Arc<Sandbox>, wasm: &[u8]) -> Result<Arc<Component>, LoadError> {
    let component = sandbox.admit_checked(wasm.into(), schema_problems).await?;
    if let Some(sample) = &component.manifest().sample {
        let problem = |what: &str| Problem::new(ErrorCode::UploadSampleRefused, what);
        let refused = |what: String| LoadError(vec![problem(&what)]);
        schema::check_in_time(component.manifest(), sample).await.map_err(|detail| {
            let problem = problem("The manifest's sample is not what its schema asks for:");
            LoadError(vec![Problem { detail: Some(detail), ..problem }])
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

/// What is wrong with a manifest's configuration schema, which obeys the budget by now.
fn schema_problems(manifest: &Manifest) -> Vec<Problem> {
    let problem =
        |what: String| vec![Problem::new(ErrorCode::UploadSchemaInvalid, format!("The manifest's config: {what}"))];
    let config = &manifest.config;
    if let Err(what) = keyway_model::schema::check(config) {
        return problem(what);
    }
    if let Err(error) = jsonschema::meta::validate(config) {
        return problem(format!("it is no JSON Schema: {error} (at {:?}).", error.instance_path().to_string()));
    }
    match schema::options().build(config) {
        Ok(_) => Vec::new(),
        Err(error) => problem(format!("it cannot be used: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
            chain("allOf", 24),
            chain("anyOf", 39),
            json!({ "type": "object", "properties": { "a": { "$ref": "#" } } }),
        ] {
            assert!(!problems(&config).is_empty(), "{config}");
        }
    }

    fn chain(word: &str, length: usize) -> Value {
        let mut defs = serde_json::Map::from_iter([("a0".to_owned(), json!({ "type": "string", "minLength": 3 }))]);
        for index in 1..=length {
            let inner = json!({ "$ref": format!("#/$defs/a{}", index - 1) });
            defs.insert(format!("a{index}"), json!({ word: [inner.clone(), inner] }));
        }
        let root = json!({ "$ref": format!("#/$defs/a{length}") });
        json!({ "type": "object", "$defs": defs, "properties": { "x": root } })
    }

    #[test]
    fn sandbox_exhaustion_the_worst_schema_within_the_budget_is_validated_in_time() {
        // The deepest chains that are still accepted, with a value that fails in every branch, so that every error is built.
        for word in ["allOf", "anyOf", "oneOf"] {
            let deepest = (1..30).take_while(|length| problems(&chain(word, *length)).is_empty()).count();
            assert!(deepest >= 8, "{word}: {deepest}");
            let problems = schema::check(&chain(word, deepest), &json!({ "x": "a" })).unwrap_err().to_string();
            assert!(problems.len() < 4096, "{word}: {}", problems.len());
        }
    }
}
