//! Looks at an untrusted component without compiling or running it: validity, size limits, imports, exports, manifest.

use keyway_model::connector::{ConnectorKind, Manifest};
use serde::Serialize;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use crate::budget::Budgets;

/// The custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "keyway:manifest";

/// The contract that this server speaks: its track is the major version, and a component of a newer minor version runs
/// unless it uses what is missing here.
pub const CONTRACT: &str = "1.0.0";

/// What the host offers, by interface.
const OFFERED: [(&str, &[&str]); 9] = [
    ("keyway:host/log", &["write"]),
    ("keyway:host/clock", &["now-ms"]),
    ("keyway:host/random", &["bytes", "uuid"]),
    ("keyway:host/crypto", &["digest", "hmac", "sign", "verify-jwt"]),
    ("keyway:host/http", &["fetch"]),
    ("keyway:host/cache", &["get", "set", "delete"]),
    ("keyway:host/session", &["get", "set"]),
    ("keyway:host/smtp", &["send"]),
    ("keyway:connector/types", &[]),
];

const MAX_BYTES: usize = 24 * 1024 * 1024;
const MAX_FUNCTIONS: u32 = 60_000;
const MAX_BODY_BYTES: usize = 512 * 1024;
const MAX_LOCALS: u32 = 5_000;
const MAX_BRANCHES: u64 = 200_000;
const MAX_MODULES: usize = 64;
const MAX_COMPONENTS: usize = 64;
const MAX_TABLES: u32 = 64;
const MAX_MANIFEST: usize = 256 * 1024;
const MAX_DEPTH: usize = 16;

/// One reason why a component is refused, with a stable code and a sentence that its author can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Such as `upload.import_refused`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// A problem with its sentence.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
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
        return Err(vec![Problem::new("upload.too_large", message)]);
    }
    if !Parser::is_component(wasm) {
        let message = if Parser::is_core_wasm(wasm) {
            "This is a core WebAssembly module, not a component. Build it with `keyway connector build`."
        } else {
            "This is not a WebAssembly component."
        };
        return Err(vec![Problem::new("upload.not_a_component", message)]);
    }
    let mut found = Contents::default();
    found.read(wasm).map_err(|problem| vec![problem])?;
    found.within(budgets).map_err(|problem| vec![problem])?;
    let types = Validator::new_with_features(features())
        .validate_all(wasm)
        .map_err(|error| vec![Problem::new("upload.invalid", format!("The component is not valid: {error}."))])?;
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
            Err(vec![Problem::new("upload.manifest_missing", message)])
        },
        read_manifest,
    );
    let kind = manifest.as_ref().ok().map(|manifest| manifest.kind);
    for needed in needed_exports(kind) {
        if !found.exports.iter().any(|export| is_of(export, needed)) {
            let message = format!("It does not export {needed}@{CONTRACT}, which a connector of its kind must have.");
            problems.push(Problem::new("upload.export_missing", message));
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
    Err(vec![Problem::new("upload.manifest_missing", format!("The section {MANIFEST_SECTION} is missing."))])
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
    let code =
        |what: &str| if what.starts_with("config: ") { "upload.schema_invalid" } else { "upload.manifest_invalid" };
    Err(problems.into_iter().map(|what| Problem::new(code(&what), format!("The manifest's {what}"))).collect())
}

fn parsed(text: &str) -> Result<Manifest, Vec<Problem>> {
    let invalid = |what: String| vec![Problem::new("upload.manifest_invalid", what)];
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
        return Err(vec![Problem::new("upload.schema_invalid", message)]);
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

fn needed_exports(kind: Option<ConnectorKind>) -> Vec<&'static str> {
    let own = match kind {
        Some(ConnectorKind::Sms) => Some("keyway:connector/sms"),
        Some(ConnectorKind::Email) => Some("keyway:connector/email"),
        Some(ConnectorKind::Social) => Some("keyway:connector/social"),
        None => None,
    };
    ["keyway:connector/meta", "keyway:connector/config"].into_iter().chain(own).collect()
}

/// Whether `name` is the interface at any version of this track.
fn is_of(name: &str, interface: &str) -> bool {
    name.split_once('@').is_some_and(|(base, version)| base == interface && version.starts_with("1."))
}

fn import_problems(name: &str, functions: &[String]) -> Vec<Problem> {
    let (base, version) = name.split_once('@').unwrap_or((name, ""));
    let refused = |message: String| vec![Problem::new("upload.import_refused", message)];
    let Some((_, offered)) = OFFERED.iter().find(|(interface, _)| *interface == base) else {
        let hint = match base.split(['/', ':']).next() {
            Some("wasi") => " Build without WASI: Rust for wasm32-unknown-unknown, Python with --stub-wasi.",
            Some("keyway") => " This server does not have it; a newer one may.",
            _ => "",
        };
        return refused(format!("It imports {name}, which connectors may not use.{hint}"));
    };
    if !version.starts_with("1.") {
        let message = format!("It imports {name}; this server speaks version {CONTRACT} of it.");
        return vec![Problem::new("upload.contract_unsupported", message)];
    }
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
    vec![Problem::new("upload.contract_unsupported", message)]
}

/// Host interfaces that it imports but does not own up to.
fn undeclared(manifest: &Manifest, imports: &[String]) -> Vec<Problem> {
    let used = |feature: &str| imports.iter().any(|import| is_of(import, &format!("keyway:host/{feature}")));
    keyway_model::connector::FEATURES
        .into_iter()
        .filter(|feature| used(feature) && !manifest.features.iter().any(|listed| listed == feature))
        .map(|feature| {
            let message = format!("It imports keyway:host/{feature}: list {feature:?} in the manifest's features.");
            Problem::new("upload.feature_undeclared", message)
        })
        .collect()
}

#[derive(Default)]
struct Contents {
    imports: Vec<String>,
    exports: Vec<String>,
    manifest: Option<String>,
    modules: usize,
    components: usize,
    functions: u32,
    tables: u32,
    branches: u64,
    /// Bytes of memory that it asks for before anything of it runs.
    memory: u64,
    /// Most elements of any table at its start.
    elements: u64,
}

impl Contents {
    fn read(&mut self, wasm: &[u8]) -> Result<(), Problem> {
        let broken = |error: wasmparser::BinaryReaderError| {
            Problem::new("upload.damaged", format!("The component is damaged: {error}."))
        };
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(broken)? {
                Payload::ModuleSection { .. } => {
                    depth += 1;
                    self.modules += 1;
                }
                Payload::ComponentSection { .. } => {
                    depth += 1;
                    self.components += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) if depth == 0 && section.name() == MANIFEST_SECTION => {
                    let text = std::str::from_utf8(section.data()).ok().filter(|text| text.len() <= MAX_MANIFEST);
                    if text.is_none() || self.manifest.is_some() {
                        let message = format!("There must be one manifest, UTF-8, of {MAX_MANIFEST} bytes at most.");
                        return Err(Problem::new("upload.manifest_invalid", message));
                    }
                    self.manifest = text.map(ToOwned::to_owned);
                }
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        self.imports.push(import.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        self.exports.push(export.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::TableSection(section) => {
                    self.tables = self.tables.saturating_add(section.count());
                    for table in section {
                        self.elements = self.elements.max(table.map_err(broken)?.ty.initial);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        let pages = memory.map_err(broken)?.initial;
                        self.memory = self.memory.saturating_add(pages.saturating_mul(64 * 1024));
                    }
                }
                Payload::CodeSectionStart { count, .. } => self.functions = self.functions.saturating_add(count),
                Payload::CodeSectionEntry(body) => self.function(&body).map_err(broken)??,
                _ => {}
            }
        }
        for (what, count, most) in [
            ("core modules", self.modules, MAX_MODULES),
            ("nested components", self.components, MAX_COMPONENTS),
            ("functions", self.functions as usize, MAX_FUNCTIONS as usize),
            ("tables", self.tables as usize, MAX_TABLES as usize),
        ] {
            if count > most {
                return Err(Problem::new(
                    "upload.structure_limit",
                    format!("It has {count} {what}; {most} are allowed."),
                ));
            }
        }
        Ok(())
    }

    fn within(&self, budgets: &Budgets) -> Result<(), Problem> {
        let limit = |what: String| Err(Problem::new("upload.structure_limit", what));
        if self.memory > budgets.memory as u64 {
            return limit(format!("It starts with {} bytes of memory; {} are allowed.", self.memory, budgets.memory));
        }
        if self.elements > budgets.table_elements as u64 {
            let (has, most) = (self.elements, budgets.table_elements);
            return limit(format!("A table starts with {has} elements; {most} are allowed."));
        }
        Ok(())
    }

    /// The compiler's time grows faster than these numbers: a function of half a megabyte took it minutes.
    fn function(&mut self, body: &wasmparser::FunctionBody<'_>) -> wasmparser::Result<Result<(), Problem>> {
        let limit = |message: String| Ok(Err(Problem::new("upload.structure_limit", message)));
        let (bytes, mut locals, mut blocks) = (body.range().len(), 0_u32, 0_u64);
        for local in body.get_locals_reader()? {
            locals = locals.saturating_add(local?.0);
        }
        if bytes > MAX_BODY_BYTES || locals > MAX_LOCALS {
            return limit(format!(
                "A function has {bytes} bytes and {locals} locals; {MAX_BODY_BYTES} bytes and {MAX_LOCALS} locals are allowed."
            ));
        }
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            match operators.read()? {
                wasmparser::Operator::BrTable { targets } => {
                    blocks += 1;
                    self.branches += u64::from(targets.len());
                }
                wasmparser::Operator::Block { .. }
                | wasmparser::Operator::Loop { .. }
                | wasmparser::Operator::If { .. }
                | wasmparser::Operator::BrIf { .. } => blocks += 1,
                _ => {}
            }
        }
        if self.branches > MAX_BRANCHES {
            return limit(format!("It has more than {MAX_BRANCHES} branch table targets."));
        }
        // The register allocator works on blocks times locals.
        if blocks * u64::from(locals) > 20_000_000 {
            return limit(format!(
                "A function has {blocks} branches and {locals} locals: too many to compile in time."
            ));
        }
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(wasm: &[u8]) -> Vec<&'static str> {
        inspect(wasm).unwrap_err().iter().map(|problem| problem.code).collect()
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
            import_problems(name, &functions).first().map(|problem| (problem.code, problem.message.clone()))
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

    #[test]
    fn a_schema_bomb_is_refused() {
        let deep = (0..40).fold("{}".to_owned(), |inner, _| format!("{{\"not\":{inner}}}"));
        let text = format!(
            "{{\"manifest\":1,\"id\":\"a\",\"target\":\"a\",\"kind\":\"sms\",\"version\":\"1.0.0\",\"contract\":\"1.0.0\",\
             \"name\":{{\"en\":\"A\"}},\"description\":{{}},\"config\":{deep}}}"
        );
        assert_eq!(read_manifest(&text).unwrap_err()[0].code, "upload.schema_invalid");
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
