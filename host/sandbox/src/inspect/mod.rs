//! Looks at an untrusted component without compiling or running it: validity, size limits, imports, exports, manifest.

mod contents;
mod manifest;

use std::fmt;

use keyway_model::connector::{ConnectorKind, Manifest};
use keyway_model::{Detail, ErrorCode};
use serde::{Serialize, Serializer};
use wasmparser::component_types::ComponentEntityType;
use wasmparser::{Parser, Validator, WasmFeatures};

use crate::budget::Budgets;
use crate::contract::{self, CONTRACT};
use contents::Contents;

pub use manifest::{manifest, read_manifest};

/// The custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "keyway:manifest";

const MAX_BYTES: usize = 24 * 1024 * 1024;

/// One reason why a component is refused, with a stable code and a sentence that its author can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Such as `upload.import_refused`.
    #[serde(serialize_with = "code")]
    pub code: ErrorCode,
    /// What is wrong and what to do.
    pub message: String,
    /// More about it, which stands behind the message.
    #[serde(skip)]
    pub detail: Option<Detail>,
}

impl Problem {
    /// A problem with its sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " {detail}"))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn code<S: Serializer>(code: &ErrorCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.code())
}

/// What a component says and asks for, read from its bytes.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// The manifest of its custom section.
    pub manifest: Manifest,
    /// The section's text, with which `describe` must agree.
    pub manifest_text: String,
}

/// What no engine of the sandbox runs: proposals that are refused by name here and not by a compiler that only fails.
fn features() -> WasmFeatures {
    WasmFeatures::default()
        - WasmFeatures::THREADS
        - WasmFeatures::MEMORY64
        - WasmFeatures::EXCEPTIONS
        - WasmFeatures::GC
        - WasmFeatures::FUNCTION_REFERENCES
        - WasmFeatures::TAIL_CALL
        - WasmFeatures::RELAXED_SIMD
}

/// Reads a component under the default budgets; every problem is listed at once where the bytes can be read at all.
pub fn inspect(wasm: &[u8]) -> Result<Inspected, Vec<Problem>> {
    inspect_within(wasm, &Budgets::default())
}

/// The same under these budgets.
pub fn inspect_within(wasm: &[u8], budgets: &Budgets) -> Result<Inspected, Vec<Problem>> {
    if wasm.len() > MAX_BYTES {
        let message = format!("The file has {} bytes; {MAX_BYTES} are allowed.", wasm.len());
        return Err(vec![Problem::new(ErrorCode::UploadTooLarge, message)]);
    }
    if !Parser::is_component(wasm) {
        let message = if Parser::is_core_wasm(wasm) {
            "This is a core WebAssembly module, not a component. Build it with `keyway connector build`."
        } else {
            "This is not a WebAssembly component."
        };
        return Err(vec![Problem::new(ErrorCode::UploadNotAComponent, message)]);
    }
    let mut found = Contents::default();
    found.read(wasm).map_err(|problem| vec![problem])?;
    found.within(budgets).map_err(|problem| vec![problem])?;
    let types = Validator::new_with_features(features()).validate_all(wasm).map_err(|error| {
        vec![Problem::new(ErrorCode::UploadInvalid, format!("The component is not valid: {error}."))]
    })?;
    let mut problems = Vec::new();
    for name in &found.imports {
        let functions = match types.as_ref().component_item_for_import(name).map(|item| item.ty) {
            Some(ComponentEntityType::Instance(id)) => {
                let exports = types.as_ref().get(id).map(|instance| instance.exports.iter());
                exports
                    .into_iter()
                    .flatten()
                    .filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)))
                    .map(|(name, _)| name.clone())
                    .collect()
            }
            _ => Vec::new(),
        };
        problems.extend(import_problems(name, &functions));
    }
    let manifest = found.manifest.as_deref().map_or_else(
        || {
            let message = format!("The section {MANIFEST_SECTION} is missing. Build with `keyway connector build`.");
            Err(vec![Problem::new(ErrorCode::UploadManifestMissing, message)])
        },
        read_manifest,
    );
    let kind = manifest.as_ref().ok().map(|manifest| manifest.kind);
    for needed in needed_exports(kind) {
        if !found.exports.iter().any(|export| is_of(export, &needed)) {
            let message = format!("It does not export {needed}@{CONTRACT}, which a connector of its kind must have.");
            problems.push(Problem::new(ErrorCode::UploadExportMissing, message));
        }
    }
    match manifest {
        Ok(manifest) => {
            problems.extend(undeclared(&manifest, &found.imports));
            if problems.is_empty() {
                return Ok(Inspected { manifest, manifest_text: found.manifest.unwrap_or_default() });
            }
        }
        Err(more) => problems.extend(more),
    }
    Err(problems)
}

/// The interfaces that a connector of this kind exports.
fn needed_exports(kind: Option<ConnectorKind>) -> Vec<String> {
    let own = kind.map(|kind| kind.descriptor().interface);
    ["meta", "config"].into_iter().chain(own).map(|name| format!("keyway:connector/{name}")).collect()
}

/// Whether `name` is the interface at a version that this server speaks.
fn is_of(name: &str, interface: &str) -> bool {
    name.split_once('@').is_some_and(|(base, version)| base == interface && contract::serving(version).is_some())
}

fn import_problems(name: &str, functions: &[String]) -> Vec<Problem> {
    let (base, version) = name.split_once('@').unwrap_or((name, ""));
    let refused = |message: String| vec![Problem::new(ErrorCode::UploadImportRefused, message)];
    if !contract::is_offered(base) {
        let hint = match base.split(['/', ':']).next() {
            Some("wasi") => " Build without WASI: Rust for wasm32-unknown-unknown, Python with --stub-wasi.",
            Some("keyway") => " This server does not have it; a newer one may.",
            _ => "",
        };
        return refused(format!("It imports {name}, which connectors may not use.{hint}"));
    }
    let Some(contract) = contract::serving(version) else {
        let message = format!("It imports {name}; this server speaks version {CONTRACT} of it.");
        return vec![Problem::new(ErrorCode::UploadContractUnsupported, message)];
    };
    let offered = contract.functions(base).unwrap_or_default();
    let missing: Vec<&str> =
        functions.iter().map(String::as_str).filter(|function| !offered.contains(function)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "It uses {} of {name}, which this server does not have: it speaks version {CONTRACT}. Update the server, or build \
         with an older SDK.",
        missing.join(", ")
    );
    vec![Problem::new(ErrorCode::UploadContractUnsupported, message)]
}

/// Host interfaces that it imports but does not own up to.
fn undeclared(manifest: &Manifest, imports: &[String]) -> Vec<Problem> {
    let used = |feature: &str| imports.iter().any(|import| is_of(import, &format!("keyway:host/{feature}")));
    keyway_model::connector::FEATURES
        .into_iter()
        .filter(|feature| used(feature) && !manifest.features.iter().any(|listed| listed == feature))
        .map(|feature| {
            let message = format!("It imports keyway:host/{feature}: list {feature:?} in the manifest's features.");
            Problem::new(ErrorCode::UploadFeatureUndeclared, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(wasm: &[u8]) -> Vec<&'static str> {
        inspect(wasm).unwrap_err().iter().map(|problem| problem.code.code()).collect()
    }

    #[test]
    fn what_is_no_component_is_named() {
        assert_eq!(codes(b"hello"), ["upload.not_a_component"]);
        assert!(inspect(b"\0asm\x01\0\0\0").unwrap_err()[0].message.contains("core WebAssembly module"));
        assert_eq!(
            codes(b"\0asm\x0d\0\x01\0"),
            ["upload.export_missing", "upload.export_missing", "upload.manifest_missing"]
        );
        assert_eq!(codes(b"\0asm\x0d\0\x01\0\xff\xff"), ["upload.damaged"]);
    }

    #[test]
    fn imports_outside_the_contract_are_refused_by_name() {
        let one = |name: &str, functions: &[&str]| {
            let functions: Vec<String> = functions.iter().map(|&function| function.to_owned()).collect();
            import_problems(name, &functions).first().map(|problem| (problem.code.code(), problem.message.clone()))
        };
        assert_eq!(one("keyway:host/http@1.0.0", &["fetch"]), None);
        assert_eq!(one("keyway:host/http@1.7.2", &["fetch"]), None);
        let (code, message) = one("keyway:host/http@1.7.2", &["fetch", "stream"]).unwrap();
        assert_eq!(code, "upload.contract_unsupported");
        assert!(message.contains("stream of keyway:host/http@1.7.2"), "{message}");
        assert_eq!(one("keyway:host/http@2.0.0", &[]).unwrap().0, "upload.contract_unsupported");
        assert_eq!(one("keyway:host/files@1.0.0", &[]).unwrap().0, "upload.import_refused");
        assert!(one("wasi:filesystem/types@0.2.6", &[]).unwrap().1.contains("--stub-wasi"));
    }
}
