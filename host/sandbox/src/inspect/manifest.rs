//! Reads a component's manifest.

use keyway_model::ErrorCode;
use keyway_model::connector::Manifest;
use wasmparser::{Parser, Payload};

use super::{MANIFEST_SECTION, Problem};

const MAX_DEPTH: usize = 16;

/// The manifest of a component that was inspected before.
pub fn manifest(wasm: &[u8]) -> Result<Manifest, Vec<Problem>> {
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
            Ok(Payload::CustomSection(section)) if depth == 0 && section.name() == MANIFEST_SECTION => {
                return admitted(&String::from_utf8_lossy(section.data()));
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Err(vec![Problem::new(ErrorCode::UploadManifestMissing, format!("The section {MANIFEST_SECTION} is missing."))])
}

/// The manifest of a component that was admitted, perhaps by an older server whose rules were fewer: only what would be a danger
/// is refused now.
fn admitted(text: &str) -> Result<Manifest, Vec<Problem>> {
    let manifest = parsed(text)?;
    refused(manifest.dangers())?;
    Ok(manifest)
}

fn refused(problems: Vec<String>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() {
        return Ok(());
    }
    let code = |what: &str| {
        if what.starts_with("config: ") { ErrorCode::UploadSchemaInvalid } else { ErrorCode::UploadManifestInvalid }
    };
    Err(problems.into_iter().map(|what| Problem::new(code(&what), format!("The manifest's {what}"))).collect())
}

fn parsed(text: &str) -> Result<Manifest, Vec<Problem>> {
    let invalid = |what: String| vec![Problem::new(ErrorCode::UploadManifestInvalid, what)];
    let mut reader = serde_json::Deserializer::from_str(text);
    let manifest: Manifest = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let all = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text);
        match all {
            Ok(fields) if !fields.contains_key("manifest") => {
                invalid("The manifest lacks \"manifest\": 1, which says in what form it is written.".into())
            }
            _ => {
                let place = error.path().to_string();
                let place = if place == "." { String::new() } else { format!(" at {place}") };
                invalid(format!("The manifest is not as documented{place}: {}.", error.inner()))
            }
        }
    })?;
    reader.end().map_err(|error| invalid(format!("The manifest is not as documented: {error}.")))?;
    if depth(&manifest.config) > MAX_DEPTH {
        let message = format!("The manifest's config: a schema is {MAX_DEPTH} levels deep at most.");
        return Err(vec![Problem::new(ErrorCode::UploadSchemaInvalid, message)]);
    }
    Ok(manifest)
}

/// Reads and checks a manifest's text.
pub fn read_manifest(text: &str) -> Result<Manifest, Vec<Problem>> {
    let manifest = parsed(text)?;
    refused(manifest.problems())?;
    Ok(manifest)
}

/// Levels of schemas within schemas; a list or an object of keywords between two is none.
fn depth(schema: &serde_json::Value) -> usize {
    use serde_json::Value;
    match schema {
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_bomb_is_refused() {
        let deep = (0..40).fold("{}".to_owned(), |inner, _| format!("{{\"not\":{inner}}}"));
        let text = format!(
            "{{\"manifest\":1,\"id\":\"a\",\"target\":\"a\",\"kind\":\"sms\",\"version\":\"1.0.0\",\"contract\":\"1.0.0\",\
             \"name\":{{\"en\":\"A\"}},\"description\":{{}},\"config\":{deep}}}"
        );
        assert_eq!(read_manifest(&text).unwrap_err()[0].code.code(), "upload.schema_invalid");
    }

    #[test]
    fn a_manifest_that_cannot_be_read_says_where_and_why() {
        let said = |text: &str| read_manifest(text).unwrap_err()[0].message.clone();
        assert!(said("{\"id\":\"a\"}").contains("lacks \"manifest\": 1"));
        let wrong = "{\"manifest\":1,\"id\":\"a\",\"target\":\"a\",\"kind\":\"sms\",\"version\":\"1.0.0\",\"contract\":\"1.0.0\",\
             \"name\":{\"en\":5}}";
        assert!(said(wrong).contains("at name.en"), "{}", said(wrong));
        assert!(said("[").contains("not as documented"));
    }
}
