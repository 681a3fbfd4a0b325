//! What a component's bytes hold, counted without compiling or running them.

use keyway_model::ErrorCode;
use wasmparser::{Parser, Payload};

use super::{MANIFEST_SECTION, Problem};
use crate::budget::Budgets;

const MAX_FUNCTIONS: u32 = 60_000;
const MAX_BODY_BYTES: usize = 512 * 1024;
const MAX_LOCALS: u32 = 5_000;
const MAX_BRANCHES: u64 = 200_000;
const MAX_MODULES: usize = 64;
const MAX_COMPONENTS: usize = 64;
const MAX_TABLES: u32 = 64;
const MAX_MANIFEST: usize = 256 * 1024;

/// Counts and names of one component.
#[derive(Default)]
pub struct Contents {
    pub imports: Vec<String>,
    pub exports: Vec<String>,
    pub manifest: Option<String>,
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
    /// Reads a component from its first byte to its last.
    pub fn read(&mut self, wasm: &[u8]) -> Result<(), Problem> {
        let broken = |error: wasmparser::BinaryReaderError| {
            Problem::new(ErrorCode::UploadDamaged, format!("The component is damaged: {error}."))
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
                        return Err(Problem::new(ErrorCode::UploadManifestInvalid, message));
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
                    ErrorCode::UploadStructureLimit,
                    format!("It has {count} {what}; {most} are allowed."),
                ));
            }
        }
        Ok(())
    }

    /// Whether an instance of it fits into these budgets.
    pub fn within(&self, budgets: &Budgets) -> Result<(), Problem> {
        let limit = |what: String| Err(Problem::new(ErrorCode::UploadStructureLimit, what));
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
        let limit = |message: String| Ok(Err(Problem::new(ErrorCode::UploadStructureLimit, message)));
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
