//! A component of every released version of the contract loads and runs for ever; what does not belong is refused with the whole
//! list of reasons.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

#[expect(dead_code, reason = "each test program uses a part of it")]
mod support;

use std::sync::Arc;

use keyway_sandbox::{Budgets, CallError, Component, Context, LoadError, Message, Sandbox, Start};
use serde_json::{Value, json};
use support::{answering, http, sandbox};
use wasm_encoder::{
    BlockType, CodeSection, Component as Encoded, Function, FunctionSection, Instruction, Module, ModuleSection,
    TypeSection, ValType,
};

fn fixture(kind: &str) -> Vec<u8> {
    let path = format!("{}/tests/contract/1.0.0/{kind}.wasm", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

/// The same bytes with one text in place of another of its length.
fn changed(wasm: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let (mut changed, mut at) = (wasm.to_vec(), 0);
    while let Some(found) = changed[at..].windows(from.len()).position(|window| window == from.as_bytes()) {
        let start = at + found;
        changed[start..start + to.len()].copy_from_slice(to.as_bytes());
        at = start + to.len();
    }
    changed
}

fn codes(result: Result<Arc<Component>, LoadError>) -> Vec<&'static str> {
    result.err().unwrap().0.iter().map(|problem| problem.code.code()).collect()
}

async fn send(sandbox: &Arc<Sandbox>, component: &Component, config: Value) -> Result<String, CallError> {
    let message = Message {
        to: "8613012345678".into(),
        usage: "SignIn".into(),
        payload: json!({ "code": "123456" }).to_string(),
        locale: Some("en".into()),
        template: None,
    };
    sandbox.send(component, &Context::new(config), message).await.0
}

#[tokio::test]
async fn every_kind_of_version_1_0_0_loads_and_runs() {
    let provider = answering(http("200 OK", "{}"));
    let (_folder, sandbox) = sandbox(&format!("https://a.example={}", provider.address), Budgets::default(), true);
    for kind in ["sms", "email"] {
        let component = sandbox.admit(&fixture(kind)).await.unwrap();
        let answer = send(&sandbox, &component, json!({ "endpoint": "https://a.example/" })).await;
        assert_eq!(answer.unwrap(), r#"{"status":200}"#, "{kind}");
    }
    let social = sandbox.admit(&fixture("social")).await.unwrap();
    let context = Context::new(social.manifest().sample.clone().unwrap());
    let start = Start {
        state: "s".into(),
        redirect_uri: "https://b.example/callback".into(),
        connector_id: "c".into(),
        user_agent: None,
        scope: None,
    };
    let (uri, report) = sandbox.authorization_uri(&social, &context, start).await;
    assert!(uri.unwrap().contains("state=s"));
    assert!(report.session.unwrap().contains_key("codeVerifier"));
}

#[tokio::test]
async fn a_newer_minor_version_runs_and_another_track_is_refused_by_name() {
    let provider = answering(http("200 OK", "{}"));
    let (_folder, sandbox) = sandbox(&format!("https://a.example={}", provider.address), Budgets::default(), false);
    let newer = changed(&fixture("sms"), "keyway:host/http@1.0.0", "keyway:host/http@1.9.3");
    let component = sandbox.admit(&newer).await.unwrap();
    assert!(send(&sandbox, &component, json!({ "endpoint": "https://a.example/" })).await.is_ok());
    let other = changed(&fixture("sms"), "keyway:host/http@1.0.0", "keyway:host/http@2.0.0");
    let error = sandbox.admit(&other).await.err().unwrap();
    assert_eq!(error.0[0].code.code(), "upload.contract_unsupported");
    assert!(error.to_string().contains("keyway:host/http@2.0.0"), "{error}");
}

#[tokio::test]
async fn truncated_forged_and_foreign_components_are_refused() {
    let (_folder, sandbox) = sandbox("", Budgets::default(), false);
    let sms = fixture("sms");
    for length in [0, 1, 8, 100, sms.len() / 3, sms.len() / 2, sms.len() - 1] {
        assert!(sandbox.admit(&sms[..length]).await.is_err(), "{length}");
    }
    for from in (0..sms.len()).step_by(sms.len() / 50) {
        let mut flipped = sms.clone();
        flipped[from] ^= 0x41;
        // Either is right: some bits make another component. What must not happen is a panic or an endless wait.
        let _ = sandbox.admit(&flipped).await;
    }
    let elsewhere = changed(&sms, "keyway:host/http@1.0.0", "wasi:sockets/tcp@0.2.6");
    assert_eq!(codes(sandbox.admit(&elsewhere).await), ["upload.import_refused"]);
    let unnamed = changed(&sms, "keyway:manifest", "keyway:manifesT");
    assert!(codes(sandbox.admit(&unnamed).await).contains(&"upload.manifest_missing"));
}

/// A component around one function of `locals` locals and `blocks` blocks, each with a conditional way out.
fn bomb(locals: u32, blocks: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut body = Function::new([(locals, ValType::I64)]);
    for index in 0..blocks {
        body.instruction(&Instruction::Block(BlockType::Empty));
        body.instruction(&Instruction::LocalGet(index % locals));
        body.instruction(&Instruction::I32WrapI64);
        body.instruction(&Instruction::BrIf(0));
        body.instruction(&Instruction::End);
    }
    body.instruction(&Instruction::End);
    let mut code = CodeSection::new();
    code.function(&body);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut component = Encoded::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

#[tokio::test]
async fn compile_bombs_are_refused_before_they_reach_a_compiler() {
    let (_folder, sandbox) = sandbox("", Budgets::default(), false);
    for (locals, blocks) in [(5_000, 20_000), (20_000, 100), (100, 400_000)] {
        assert_eq!(codes(sandbox.admit(&bomb(locals, blocks)).await), ["upload.structure_limit"], "{locals} {blocks}");
    }
    let harmless = codes(sandbox.admit(&bomb(10, 10)).await);
    assert!(!harmless.contains(&"upload.structure_limit"), "{harmless:?}");
}
