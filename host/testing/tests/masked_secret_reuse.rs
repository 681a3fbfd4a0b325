//! What was entered as a secret stays one, whatever a later version of its module says of it; and what may be tested by whom.

use http::Method;
use keyway_core::connectors::factories::{self, FactoryError, Upload, UploadedVersion};
use keyway_core::connectors::{self, TestError, TestMessage};
use keyway_core::{Actor, Cx, Visitor};
use keyway_model::TenantId;
use keyway_model::connector::Publisher;
use keyway_model::marks::SECRET_MASK;
use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

const ID: &str = "http-sms";

/// The HTTP SMS connector with one text in place of another of its length.
fn module(changes: &[(&str, &str)]) -> Vec<u8> {
    keyway_testing::module(ID, changes)
}

/// What somebody does by the Management API.
fn acting(server: &TestServer, by: &str) -> Cx {
    Cx::new(&server.core, TenantId::default_tenant(), Actor::Application(by.into()), Visitor::default())
}

async fn upload(server: &TestServer, wasm: Vec<u8>, by: &str) -> Result<UploadedVersion, FactoryError> {
    factories::upload(&acting(server, by), Upload { wasm, signature: None }).await
}

async fn activate(server: &TestServer, view: &UploadedVersion) {
    let cx = acting(server, "approver");
    let (id, digest) = (&view.version.factory_id, view.version.digest.as_str());
    factories::approve(&cx, id, digest).await.unwrap();
    factories::activate(&cx, id, digest).await.unwrap();
}

async fn set_up(server: &TestServer) -> Value {
    activate(server, &upload(server, module(&[]), "author").await.unwrap()).await;
    let body = json!({ "connectorId": ID, "id": "gateway-1", "routing": { "prefixes": ["49"] },
        "config": { "endpoint": "https://gateway.example/send", "authorization": " Bearer TOP-SECRET\n" } });
    server.api(Method::POST, "/connectors", Some(body)).await.expect(200).json()
}

async fn config(server: &TestServer) -> Value {
    server.api(Method::GET, "/connectors/gateway-1", None).await.expect(200).json().get("config").unwrap().clone()
}

on_both! {
    async fn a_version_that_marks_a_secret_no_longer_does_not_show_it(database: Database) {
        let server = TestServer::start(database).await;
        set_up(&server).await;
        let masked = json!({ "endpoint": "https://gateway.example/send", "authorization": SECRET_MASK });
        assert_eq!(config(&server).await, masked);
        let open = module(&[("writeOnly", "writeOnlx"), ("0.1.0", "0.0.9")]);
        let view = upload(&server, open, "somebody").await.unwrap();
        assert_eq!(view.asks_new.exposed, ["authorization"]);
        assert_eq!(view.asks_new.replaces, Some(Publisher::Uploader("author".into())));
        assert_eq!(view.asks_new.downgrade_from.as_deref(), Some("0.1.0"));
        activate(&server, &view).await;
        assert_eq!(config(&server).await, masked, "the value was entered as a secret");
        let change = json!({ "config": masked });
        server.api(Method::PATCH, "/connectors/gateway-1", Some(change)).await.expect(200);
        assert_eq!(config(&server).await, masked);
        let moved = json!({ "config": { "endpoint": "https://evil.example/", "authorization": SECRET_MASK } });
        server.api(Method::PATCH, "/connectors/gateway-1", Some(moved)).await.expect(400);
        let entered = json!({ "endpoint": "https://gateway.example/send", "authorization": "under the new version" });
        server.api(Method::PATCH, "/connectors/gateway-1", Some(json!({ "config": entered }))).await.expect(200);
        assert_eq!(config(&server).await, entered, "another value was entered, and not as a secret");
    }

    async fn sensitive_data_exposure_by_events_of_connectors(database: Database) {
        let server = TestServer::start(database).await;
        set_up(&server).await;
        let entered = json!({ "endpoint": "https://moved.example/send", "authorization": "Bearer NEXT-SECRET" });
        server.api(Method::PATCH, "/connectors/gateway-1", Some(json!({ "config": entered }))).await.expect(200);
        server.clock.turn(1);
        server.api(Method::PATCH, "/connectors/gateway-1", Some(json!({ "enabled": false }))).await.expect(200);
        server.api(Method::DELETE, "/connectors/gateway-1", None).await.expect(204);
        let events = async |key: &str| {
            let path = format!("/logs?logKey={key}&page_size=50");
            let logs = server.api(Method::GET, &path, None).await.expect(200);
            assert!(!logs.body.contains("SECRET"), "{}", logs.body);
            let all = logs.json().as_array().cloned().unwrap_or_default();
            let is_ours = |one: &Value| {
                ["connectorId", "factoryId"].iter().any(|name| {
                    let target = one.pointer(&format!("/payload/targets/{name}")).and_then(Value::as_str);
                    target.is_some_and(|id| ["gateway-1", ID].contains(&id))
                })
            };
            let ours = all.into_iter().filter(is_ours);
            ours.map(|one| one.get("payload").cloned().unwrap_or_default()).collect::<Vec<Value>>()
        };
        let made = events("Management.Connectors.Create").await;
        assert_eq!(made[0].pointer("/after/config/authorization"), Some(&json!(SECRET_MASK)), "{made:?}");
        let changes = events("Management.Connectors.Update").await;
        let [switched, moved] = changes.as_slice() else { unreachable!("{changes:?}") };
        assert_eq!(moved.pointer("/before/config/endpoint"), Some(&json!("https://gateway.example/send")));
        assert_eq!(moved.pointer("/after/config/endpoint"), Some(&json!("https://moved.example/send")));
        assert_eq!(moved.pointer("/after/secrets"), Some(&json!("changed")), "{moved}");
        assert_eq!((switched.pointer("/before"), switched.pointer("/after")), (Some(&json!({ "enabled": true })), Some(&json!({ "enabled": false }))));
        assert_eq!(events("Management.Connectors.Delete").await.len(), 1);
        for key in ["Upload", "Approve", "Activate"] {
            let event = events(&format!("Connector.{key}")).await;
            assert_eq!(event.len(), 1, "{key}");
            assert_eq!(event[0].pointer("/factoryId"), Some(&json!(ID)));
            assert!(event[0].pointer("/actor").is_some() && event[0].pointer("/actor") == event[0].pointer("/by"), "{event:?}");
        }
    }

    async fn a_taken_or_odd_id_replaces_nothing(database: Database) {
        let server = TestServer::start(database).await;
        set_up(&server).await;
        for (id, status) in [("gateway-1", 422), ("a/b", 400), ("a\nb", 400), ("", 400)] {
            let body = json!({ "connectorId": ID, "id": id, "routing": { "prefixes": [] },
                "config": { "endpoint": "https://evil.example/", "authorization": "other" } });
            server.api(Method::POST, "/connectors", Some(body)).await.expect(status);
        }
        assert_eq!(config(&server).await.get("endpoint").unwrap(), "https://gateway.example/send");
        for secret in [" ", "\r\n", SECRET_MASK] {
            let body = json!({ "connectorId": ID, "routing": { "prefixes": [] },
                "config": { "endpoint": "https://gateway.example/", "authorization": secret } });
            let answer = server.api(Method::POST, "/connectors", Some(body)).await.expect(400).json();
            assert!(answer.get("message").unwrap().as_str().unwrap().contains("authorization"), "{answer}");
        }
    }

    async fn sms_pumping_by_test_messages_ends_at_the_budget(database: Database) {
        let server = TestServer::start(database).await;
        set_up(&server).await;
        let test = async |by: &str, to: &str, may_configure: bool, endpoint: &str| {
            let message = TestMessage {
                factory_id: ID.into(),
                connector: None,
                phone: Some(to),
                email: None,
                locale: None,
                config: json!({ "endpoint": endpoint, "authorization": "Bearer TOP-SECRET" }),
                may_configure,
            };
            connectors::send_test_message(&acting(&server, by), message).await
        };
        let saved = "https://gateway.example/send";
        let unsaved = test("tester", "4915112345678", false, "https://mine.example/").await;
        assert!(matches!(unsaved, Err(TestError::OnlySaved)), "testing alone sends what is saved: {unsaved:?}");
        let is_limited = |outcome: &Result<Value, TestError>| matches!(outcome, Err(TestError::Limited));
        let mut sent = 0;
        while !is_limited(&test("tester", "4915112345678", false, saved).await) {
            sent += 1;
        }
        assert_eq!(sent, 10, "to one recipient");
        for number in 0..20 {
            let outcome = test("tester", &format!("49151123457{number:02}"), true, saved).await;
            assert!(!is_limited(&outcome), "{number}");
        }
        assert!(is_limited(&test("tester", "4915112345799", true, saved).await));
        assert!(!is_limited(&test("other", "4915112345799", true, saved).await));
        let log = server.api(Method::GET, "/connectors/gateway-1/logs", None).await.expect(200).json();
        assert!(!log.as_array().unwrap().is_empty(), "tests are in the log");
        server.clock.turn(3700);
        assert!(!is_limited(&test("tester", "4915112345799", true, saved).await));
    }

    async fn impersonation_of_an_official_module_is_refused(database: Database) {
        let server = TestServer::start(database).await;
        let folder = std::env::var("KEYWAY_CONNECTORS").unwrap();
        let mut inbox = std::fs::read(format!("{folder}/dev-inbox.wasm")).unwrap();
        assert!(upload(&server, inbox.clone(), "author").await.is_ok(), "byte for byte its own");
        let version = b"0.1.0";
        let places: Vec<usize> =
            inbox.windows(version.len()).enumerate().filter(|(_, one)| one == version).map(|(at, _)| at).collect();
        for at in places {
            inbox.splice(at..at + version.len(), *b"9.9.0");
        }
        assert!(matches!(upload(&server, inbox, "author").await, Err(FactoryError::NameReserved("id"))));
    }
}
