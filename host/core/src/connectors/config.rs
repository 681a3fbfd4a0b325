//! A configuration before it is stored or tried: tidied, with its masked secrets restored, and judged by schema and component.

use keyway_model::marks::{Marks, SECRET_MASK, readable};
use keyway_model::reason::FieldProblem;
use keyway_model::{Detail, Reason};
use keyway_sandbox::CallError;
use serde_json::Value;

use super::{ConnectorError, Factory, schema};
use crate::Core;

/// Puts stored secrets in place of their masks. Where an address changed as well they would be sent somewhere new, and must be entered
/// again.
pub(super) fn restore(marks: &Marks, config: &mut Value, stored: &Value) -> Result<(), ConnectorError> {
    let restored = marks.restore(config, stored);
    if restored > 0 && addresses(config) != addresses(stored) {
        return Err(ConnectorError::SecretsRequired);
    }
    Ok(())
}

/// Refuses a configuration that does not suit the schema, or that the component refuses.
pub(super) async fn check_config(
    core: &Core,
    factory: &Factory,
    config: &Value,
    marks: &Marks,
) -> Result<(), ConnectorError> {
    schema::check_in_time(&factory.manifest, config).await?;
    let sandbox = core.registry.sandbox();
    let component = factory.component(sandbox).await.map_err(|error| {
        tracing::error!(%error, factory = %factory.manifest.id, "connector not loaded");
        ConnectorError::NotLoaded
    })?;
    sandbox.validate_marked(component, config, marks).await.map_err(|error| match error {
        CallError::Failure(failure) => ConnectorError::Rejected(failure.message),
        error => {
            tracing::warn!(%error, factory = %factory.manifest.id, "connector failed to validate");
            ConnectorError::Call(error)
        }
    })
}

/// Takes away what is pasted along with a key, blanks and line ends around it, and refuses a secret of which nothing is left, or
/// that stands masked where nothing is stored.
pub(super) fn tidy(marks: &Marks, config: &mut Value) -> Result<(), Detail> {
    let mut problems = Vec::new();
    let mut problem = |place: &str, reason: Reason| {
        problems.push(FieldProblem { path: readable(place).replace("[]", ""), detail: reason.into() });
    };
    for (mark, place) in marks.places(config) {
        let Some(Value::String(text)) = config.pointer_mut(&place) else { continue };
        if text == SECRET_MASK {
            problem(&mark, Reason::SecretNotStored);
        } else if !text.is_empty() && text.trim().is_empty() {
            problem(&mark, Reason::Blank);
        } else if text.trim().len() != text.len() {
            *text = text.trim().to_owned();
        }
    }
    trim_names(config);
    if problems.is_empty() { Ok(()) } else { Err(Detail::Fields(problems)) }
}

/// The same for what identifies an account at the provider, such as `accessKeyId`: never a text that people write.
fn trim_names(config: &mut Value) {
    match config {
        Value::Array(items) => items.iter_mut().for_each(trim_names),
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_name = ["Id", "Key", "Sid", "Token"].iter().any(|end| name.ends_with(end));
                match value {
                    Value::String(text) if is_name && text.trim().len() != text.len() => *text = text.trim().to_owned(),
                    inner => trim_names(inner),
                }
            }
        }
        _ => {}
    }
}

/// Every text of a configuration that names a place on the network.
fn addresses(config: &Value) -> Vec<String> {
    match config {
        Value::String(text) if text.contains("://") => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(addresses).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let named =
                    ["host", "endpoint", "domain", "server"].iter().any(|word| name.to_lowercase().contains(word));
                if named { value.as_str().map(ToOwned::to_owned).into_iter().collect() } else { addresses(value) }
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_trimmed_and_never_blank_or_a_mask() {
        let marks = Marks::of(&json!({ "properties": {
            "pass": { "writeOnly": true }, "list": { "items": { "properties": { "key": { "writeOnly": true } } } } } }));
        let mut config = json!({ "pass": " s3cret\r\n", "accessKeyId": "id\t", "text": " as it is\n" });
        tidy(&marks, &mut config).unwrap();
        assert_eq!(config, json!({ "pass": "s3cret", "accessKeyId": "id", "text": " as it is\n" }));
        for (config, path, reason) in [
            (json!({ "pass": " \t" }), "pass", Reason::Blank),
            (json!({ "pass": SECRET_MASK }), "pass", Reason::SecretNotStored),
            (json!({ "list": [{ "key": "\n" }] }), "list.key", Reason::Blank),
        ] {
            let expected = Detail::Fields(vec![FieldProblem { path: path.to_owned(), detail: reason.into() }]);
            assert_eq!(tidy(&marks, &mut config.clone()), Err(expected));
        }
    }

    #[test]
    fn masked_secret_reuse_is_seen_by_the_addresses() {
        let old = json!({ "host": "a.example", "deep": [{ "url": "https://a.example" }], "name": "x" });
        let mut new = old.clone();
        new["name"] = "y".into();
        assert_eq!(addresses(&old), addresses(&new));
        new["host"] = "evil.example".into();
        assert_ne!(addresses(&old), addresses(&new));
    }
}
