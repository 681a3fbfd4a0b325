//! The official Aliyun connector in the real runtime, against a provider on this machine.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use keyway_model::{Clock, Rng, Timestamp};
use keyway_sandbox::{Budgets, CallError, EgressPolicy, Loaded, Message, Sandbox, Settings};
use serde_json::{Value, json};

struct Fixed;
impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(1_456_231_584_000)
    }
}
impl Rng for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Answers one connection with `answer` and hands over what was received.
fn provider(answer: Vec<u8>) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut received = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let count = stream.read(&mut chunk).unwrap();
            received.extend_from_slice(&chunk[..count]);
            let text = String::from_utf8_lossy(&received).into_owned();
            let complete = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let length = head.lines().find_map(|line| {
                    line.to_lowercase().strip_prefix("content-length: ").and_then(|n| n.parse::<usize>().ok())
                });
                body.len() >= length.unwrap_or(0)
            });
            if count == 0 || complete {
                let _ = stream.write_all(&answer);
                return text;
            }
        }
    });
    (address, thread)
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn component() -> Vec<u8> {
    let folder = std::env::var("KEYWAY_CONNECTORS").expect("run the tests by `cargo xtask test`");
    std::fs::read(std::path::Path::new(&folder).join("aliyun-sms.wasm")).unwrap()
}

fn sandbox(rewrite: &str, budgets: Budgets) -> (tempfile::TempDir, Arc<Sandbox>) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        cache: folder.path().to_owned(),
        cache_key: [3; 32],
        pooling: true,
        budgets,
        egress: EgressPolicy::parse(rewrite, "").unwrap(),
        clock: Arc::new(Fixed),
        rng: Arc::new(Fixed),
    };
    (folder, Sandbox::new(settings).unwrap())
}

fn config() -> Value {
    let template =
        |usage: &str| json!({ "usageType": usage, "templateCode": { "china": "SMS_1", "overseas": "SMS_2" } });
    let templates = ["Register", "SignIn", "ForgotPassword", "Generic"].map(template);
    json!({
        "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "Keyway",
        "templates": templates,
    })
}

async fn send(sandbox: &Arc<Sandbox>, loaded: &Loaded) -> Result<String, CallError> {
    let message = Message {
        to: "8613012345678".into(),
        usage: "SignIn".into(),
        payload: json!({ "code": "123456", "locale": "en" }).to_string(),
        locale: None,
    };
    sandbox.send(&loaded.component, &config().to_string(), message, vec!["testsecret".into()]).await.0
}

#[tokio::test]
async fn a_message_is_signed_and_sent_and_the_answer_kept() {
    let (address, provider) =
        provider(http("200 OK", r#"{"Code":"OK","Message":"OK","RequestId":"r-1","BizId":"b-1"}"#));
    let (_folder, sandbox) = sandbox(&format!("https://dysmsapi.aliyuncs.com={address}"), Budgets::default());
    let loaded = sandbox.load(&component()).await.unwrap();
    assert_eq!(loaded.manifest.id.as_str(), "aliyun-short-message-service");
    assert_eq!(loaded.manifest.hosts, ["dysmsapi.aliyuncs.com"]);
    let answer: Value = serde_json::from_str(&send(&sandbox, &loaded).await.unwrap()).unwrap();
    assert_eq!(answer["requestId"], "r-1");
    let request = provider.join().unwrap();
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
    let (_folder, sandbox) = sandbox("", Budgets::default());
    let loaded = sandbox.load(&component()).await.unwrap();
    let schema = &loaded.manifest.config;
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["accessKeySecret"]["writeOnly"], true);
    assert_eq!(schema["properties"]["accessKeyId"]["title"], "AccessKey ID");
    assert_eq!(schema["properties"]["signName"]["minLength"], 1);
    assert_eq!(schema["properties"]["templates"]["allOf"].as_array().unwrap().len(), 4);
    let again = sandbox.load(&component()).await.unwrap();
    assert_eq!(again.component.digest(), loaded.component.digest());
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
        let (address, _provider) = provider(answer);
        let (_folder, sandbox) = sandbox(&format!("https://dysmsapi.aliyuncs.com={address}"), Budgets::default());
        let loaded = sandbox.load(&component()).await.unwrap();
        let Err(CallError::Failure(failure)) = send(&sandbox, &loaded).await else { panic!("no failure for {code}") };
        assert_eq!(failure.code, code);
        assert!(!failure.message.contains("testsecret"));
        assert_eq!(sandbox.validate(&loaded.component, &config().to_string()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_configuration_that_does_not_parse_is_refused_by_the_component_too() {
    let (_folder, sandbox) = sandbox("", Budgets::default());
    let loaded = sandbox.load(&component()).await.unwrap();
    let Err(CallError::Failure(failure)) = sandbox.validate(&loaded.component, r#"{"accessKeyId":1}"#).await else {
        panic!("no failure")
    };
    assert_eq!(failure.code, "invalid-config");
}
