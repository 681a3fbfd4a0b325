//! Looks at an untrusted component without compiling or running it: validity, size limits, imports and exports.

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// Imports that the contract offers.
const OFFERED: [&str; 6] = [
    "keyway:host/log@0.1.0",
    "keyway:host/clock@0.1.0",
    "keyway:host/random@0.1.0",
    "keyway:host/crypto@0.1.0",
    "keyway:host/http@0.1.0",
    "keyway:connector/types@0.1.0",
];
/// Exports that an SMS connector must have.
const NEEDED: [&str; 3] =
    ["keyway:connector/meta@0.1.0", "keyway:connector/config@0.1.0", "keyway:connector/sms@0.1.0"];

const MAX_BYTES: usize = 24 * 1024 * 1024;
const MAX_FUNCTIONS: u32 = 60_000;
const MAX_BODY_BYTES: usize = 512 * 1024;
const MAX_LOCALS: u32 = 5_000;
const MAX_MODULES: usize = 8;

/// Everything that is wrong with a component; empty when it may be compiled.
pub fn problems(wasm: &[u8]) -> Vec<String> {
    if wasm.len() > MAX_BYTES {
        return vec![format!("The file has {} bytes; {MAX_BYTES} are allowed.", wasm.len())];
    }
    if !Parser::is_component(wasm) {
        let what = if Parser::is_core_wasm(wasm) {
            "This is a core WebAssembly module, not a component. Build it with the Keyway SDK."
        } else {
            "This is not a WebAssembly component."
        };
        return vec![what.to_owned()];
    }
    let mut found = Contents::default();
    if let Err(problem) = found.read(wasm) {
        return vec![problem];
    }
    let features = WasmFeatures::default() - WasmFeatures::THREADS - WasmFeatures::MEMORY64 - WasmFeatures::EXCEPTIONS;
    if let Err(error) = Validator::new_with_features(features).validate_all(wasm) {
        return vec![format!("The component is not valid: {error}.")];
    }
    let refused = found.imports.iter().filter(|name| !OFFERED.contains(&name.as_str())).map(|name| {
        let hint = if name.starts_with("wasi:") { " Build for wasm32-unknown-unknown, without WASI." } else { "" };
        format!("It imports {name}, which connectors may not use.{hint}")
    });
    let missing = NEEDED.iter().filter(|name| !found.exports.iter().any(|export| export == *name));
    refused.chain(missing.map(|name| format!("It does not export {name}."))).collect()
}

#[derive(Default)]
struct Contents {
    imports: Vec<String>,
    exports: Vec<String>,
    modules: usize,
    functions: u32,
}

impl Contents {
    fn read(&mut self, wasm: &[u8]) -> Result<(), String> {
        let broken = |error: wasmparser::BinaryReaderError| format!("The component is damaged: {error}.");
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(broken)? {
                Payload::ModuleSection { .. } => {
                    depth += 1;
                    self.modules += 1;
                }
                Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
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
                Payload::CodeSectionStart { count, .. } => self.functions = self.functions.saturating_add(count),
                Payload::CodeSectionEntry(body) => {
                    let bytes = body.range().len();
                    let mut locals = 0_u32;
                    for local in body.get_locals_reader().map_err(broken)? {
                        locals = locals.saturating_add(local.map_err(broken)?.0);
                    }
                    if bytes > MAX_BODY_BYTES || locals > MAX_LOCALS {
                        let limit = format!("{MAX_BODY_BYTES} bytes and {MAX_LOCALS} locals are allowed");
                        return Err(format!("A function has {bytes} bytes and {locals} locals; {limit}."));
                    }
                }
                _ => {}
            }
        }
        if self.modules > MAX_MODULES || self.functions > MAX_FUNCTIONS {
            let limit = format!("{MAX_MODULES} modules and {MAX_FUNCTIONS} functions are allowed");
            return Err(format!(
                "The component has {} modules and {} functions; {limit}.",
                self.modules, self.functions
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::problems;

    #[test]
    fn what_is_no_component_is_named() {
        assert!(problems(b"hello").first().unwrap().contains("not a WebAssembly component"));
        assert!(problems(b"\0asm\x01\0\0\0").first().unwrap().contains("core WebAssembly module"));
        assert!(problems(b"\0asm\x0d\0\x01\0").iter().any(|problem| problem.contains("keyway:connector/sms")));
        assert!(!problems(b"\0asm\x0d\0\x01\0\xff\xff").is_empty());
    }
}
