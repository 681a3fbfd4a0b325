//! The official Aliyun connector in the real runtime, against a provider on this machine.

mod support;

use std::sync::Arc;

use keyway_sandbox::{Budgets, CallError, Component, Context, Message, Sandbox};
use serde_json::{Value, json};
use support::{answering, http, sandbox};

fn config() -> Value {
    let template =
        |usage: &str| json!({ "usageType": usage, "templateCode": { "china": "SMS_1", "overseas": "SMS_2" } });
    let templates = ["Register", "SignIn", "ForgotPassword", "Generic"].map(template);
    json!({
        "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "Keyway",
        "templates": templates,
    })
}

async fn send(sandbox: &Arc<Sandbox>, loaded: &Component) -> Result<String, CallError> {
    let message = Message {
        to: "8613012345678".into(),
        usage: "SignIn".into(),
        payload: json!({ "code": "123456", "locale": "en" }).to_string(),
        locale: None,
        template: None,
    };
    sandbox.send(loaded, &Context::new(config()), message).await.0
}

#[tokio::test]
async fn a_message_is_signed_and_sent_and_the_answer_kept() {
    let provider = answering(http("200 OK", r#"{"Code":"OK","Message":"OK","RequestId":"r-1","BizId":"b-1"}"#));
    let (_folder, sandbox) =
        sandbox(&format!("https://dysmsapi.aliyuncs.com={}", provider.address), Budgets::default(), true);
    let loaded = sandbox.load(&support::component("KEYWAY_CONNECTORS", "aliyun-sms.wasm")).await.unwrap();
    assert_eq!(loaded.manifest().id.as_str(), "aliyun-short-message-service");
    assert_eq!(loaded.manifest().hosts, ["dysmsapi.aliyuncs.com"]);
    let answer: Value = serde_json::from_str(&send(&sandbox, &loaded).await.unwrap()).unwrap();
    assert_eq!(answer["requestId"], "r-1");
    let request = provider.received().join("");
    for part in [
        "POST / HTTP/1.1",
        "PhoneNumbers=8613012345678",
        "TemplateCode=SMS_1",
        "TemplateParam=%7B%22code%22%3A%22123456%22%7D",
        "Signature=",
        "Timestamp=2016-02-23T12%3A46%3A24Z",
        "SignatureNonce=07070707-0707-4707-8707-070707070707",
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn the_schema_names_title_help_and_secret() {
    let (_folder, sandbox) = sandbox("", Budgets::default(), true);
    let loaded = sandbox.load(&support::component("KEYWAY_CONNECTORS", "aliyun-sms.wasm")).await.unwrap();
    let schema = &loaded.manifest().config;
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["accessKeySecret"]["writeOnly"], true);
    assert_eq!(schema["properties"]["accessKeyId"]["title"], "AccessKey ID");
    assert_eq!(schema["properties"]["signName"]["minLength"], 1);
    assert_eq!(schema["properties"]["templates"]["allOf"].as_array().unwrap().len(), 4);
    let again = sandbox.load(&support::component("KEYWAY_CONNECTORS", "aliyun-sms.wasm")).await.unwrap();
    assert_eq!(again.digest(), loaded.digest());
}

#[tokio::test]
async fn a_provider_that_misbehaves_is_a_typed_error_and_the_next_call_works() {
    for (answer, code) in [
        (http("200 OK", r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"slow down"}"#), "rate-limit-exceeded"),
        (http("200 OK", "<html>"), "invalid-response"),
        (http("302 Found", ""), "invalid-response"),
        (b"nonsense\r\n\r\n".to_vec(), "unreachable"),
        (http("200 OK", &"x".repeat(5 * 1024 * 1024)), "invalid-response"),
    ] {
        let provider = answering(answer);
        let (_folder, sandbox) =
            sandbox(&format!("https://dysmsapi.aliyuncs.com={}", provider.address), Budgets::default(), true);
        let loaded = sandbox.load(&support::component("KEYWAY_CONNECTORS", "aliyun-sms.wasm")).await.unwrap();
        let Err(CallError::Failure(failure)) = send(&sandbox, &loaded).await else { panic!("no failure for {code}") };
        assert_eq!(failure.code, code);
        assert!(!failure.message.contains("testsecret"));
        assert_eq!(sandbox.validate(&loaded, &config()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_configuration_that_does_not_parse_is_refused_by_the_component_too() {
    let (_folder, sandbox) = sandbox("", Budgets::default(), true);
    let loaded = sandbox.load(&support::component("KEYWAY_CONNECTORS", "aliyun-sms.wasm")).await.unwrap();
    let Err(CallError::Failure(failure)) = sandbox.validate(&loaded, &json!({ "accessKeyId": 1 })).await else {
        panic!("no failure")
    };
    assert_eq!(failure.code, "invalid-config");
}
