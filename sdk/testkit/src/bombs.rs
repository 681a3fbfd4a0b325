//! Tests with modules whose schema of a few hundred bytes stands for 2^39 parts: `check` says so in place of walking it.

use keyway_core::connectors::check_upload;
use keyway_sandbox::MANIFEST_SECTION;
use serde_json::{Map, Value, json};
use wasm_encoder::{
    CodeSection, ComponentSection as _, ConstExpr, CustomSection, DataSection, ExportKind, ExportSection, Function,
    FunctionSection, MemorySection, MemoryType, Module, TypeSection, ValType,
};

use crate::Stage;
use crate::bindings::componentise;
use crate::cli::{ConnectorCommand, run};

/// Where the manifest lies in memory; the pointer and the length that `describe` returns stand before it.
const TEXT: i32 = 64;

/// A component that describes itself by this text, accepts every configuration and sends nothing.
fn component(manifest: &str) -> Vec<u8> {
    let numbers = |count: usize| vec![ValType::I32; count];
    let mut types = TypeSection::new();
    for parameters in [0, 2, 14, 4] {
        types.ty().function(numbers(parameters), [ValType::I32]);
    }
    let mut functions = FunctionSection::new();
    (0..4).for_each(|number| {
        functions.function(number);
    });
    let mut memories = MemorySection::new();
    let pages = MemoryType { minimum: 4, maximum: None, memory64: false, shared: false, page_size_log2: None };
    memories.memory(pages);
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    let names = ["meta@1.0.0#describe", "config@1.0.0#validate", "sms@1.0.0#send"];
    for (number, name) in (0..).zip(names) {
        exports.export(&format!("keyway:connector/{name}"), ExportKind::Func, number);
    }
    exports.export("cabi_realloc", ExportKind::Func, 3);
    let mut code = CodeSection::new();
    // A result of zeroes is a success; arguments go to the last page.
    for answer in [8, 16, 16, 3 << 16] {
        let mut function = Function::new([]);
        function.instructions().i32_const(answer).end();
        code.function(&function);
    }
    let mut data = DataSection::new();
    let length = i32::try_from(manifest.len()).unwrap();
    let described = [TEXT.to_le_bytes(), length.to_le_bytes()].concat();
    data.active(0, &ConstExpr::i32_const(8), described);
    data.active(0, &ConstExpr::i32_const(TEXT), manifest.bytes());
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code).section(&data);
    let mut component = componentise(&module.finish(), "sms-connector").unwrap();
    CustomSection { name: MANIFEST_SECTION.into(), data: manifest.as_bytes().into() }
        .append_to_component(&mut component);
    component
}

fn manifest(config: &Value) -> String {
    json!({
        "manifest": 1, "id": "bomb", "target": "bomb", "kind": "sms", "version": "0.1.0", "contract": "1.0.0",
        "name": { "en": "Bomb" }, "description": { "en": "" }, "hosts": [], "features": [], "config": config,
        "sample": { "key": "value" },
    })
    .to_string()
}

/// The codes with which an upload is refused; `keyway connector check` fails where there are any.
async fn refusals(config: &Value) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.wasm");
    let wasm = component(&manifest(config));
    std::fs::write(&path, &wasm).unwrap();
    let (sandbox, _) = Stage::default().into_sandbox().unwrap();
    let checked = check_upload(&sandbox, &wasm).await;
    let codes =
        checked.err().map(|error| error.0.iter().map(|problem| problem.code.code()).collect()).unwrap_or_default();
    assert_eq!(run(ConnectorCommand::Check { path }).await.is_err(), codes != Vec::<&str>::new());
    codes
}

/// Definitions of which each names the one before it twice.
fn doubled(how: &str, last: Value) -> Value {
    let mut definitions = Map::from_iter([("a0".to_owned(), last)]);
    for number in 1..40 {
        let before = json!({ "$ref": format!("#/$defs/a{}", number - 1) });
        definitions.insert(format!("a{number}"), json!({ how: [before, before] }));
    }
    json!({ "type": "object", "$ref": "#/$defs/a39", "$defs": definitions })
}

#[tokio::test]
async fn sandbox_exhaustion_by_schema() {
    let harmless = json!({ "type": "object", "properties": { "key": { "type": "string" } } });
    assert_eq!(refusals(&harmless).await, Vec::<&str>::new());
    for bomb in [
        doubled("allOf", json!({})),
        doubled("anyOf", json!({ "required": ["nothing"] })),
        doubled("oneOf", json!({ "required": ["nothing"] })),
    ] {
        assert_eq!(refusals(&bomb).await, ["upload.schema_invalid"], "{bomb}");
    }
}
