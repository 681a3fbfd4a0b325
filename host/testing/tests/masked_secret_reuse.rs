//! What was entered as a secret stays one, whatever a later version of its module says of it; and what may be tested by whom.

use http::Method;
use keyway_core::connectors::{TestMessage, Upload, VersionView};
use keyway_core::{CoreError, Visitor};
use keyway_model::connector::Publisher;
use keyway_model::marks::SECRET_MASK;
use keyway_model::{ErrorCode, TenantId};
use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

const ID: &str = "http-sms";

/// The HTTP SMS connector with one text in place of another of its length.
fn module(changes: &[(&str, &str)]) -> Vec<u8> {
    keyway_testing::module(ID, changes)
}

async fn upload(server: &TestServer, wasm: Vec<u8>, by: &str) -> Result<VersionView, CoreError> {
    let upload = Upload { wasm, signature: None, by: by.into() };
    server.core.upload_connector(&TenantId::default_tenant(), upload, &Visitor::default()).await
}

async fn activate(server: &TestServer, view: &VersionView) {
    let (tenant, visitor) = (TenantId::default_tenant(), Visitor::default());
    let (id, digest) = (&view.version.factory_id, view.version.digest.as_str());
    server.core.approve_connector(&tenant, id, digest, "approver".into(), &visitor).await.unwrap();
    server.core.activate_connector(&tenant, id, digest, "approver", &visitor).await.unwrap();
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

fn code(error: CoreError) -> ErrorCode {
    let CoreError::Refusal(refusal) = error else { unreachable!("{error}") };
    refusal.code
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
        let tenant = TenantId::default_tenant();
        let test = async |by: &str, to: &str, may_configure: bool, endpoint: &str| {
            let message = TestMessage {
                factory_id: ID.into(),
                connector: None,
                phone: Some(to),
                email: None,
                locale: None,
                config: json!({ "endpoint": endpoint, "authorization": "Bearer TOP-SECRET" }),
                by,
                may_configure,
            };
            server.core.test_connector(&tenant, message).await.map_err(code)
        };
        let saved = "https://gateway.example/send";
        let unsaved = test("tester", "4915112345678", false, "https://mine.example/").await;
        assert_eq!(unsaved, Err(ErrorCode::Forbidden), "testing alone sends what is saved");
        let mut sent = 0;
        while test("tester", "4915112345678", false, saved).await != Err(ErrorCode::ConnectorTestLimited) {
            sent += 1;
        }
        assert_eq!(sent, 10, "to one recipient");
        for number in 0..20 {
            let outcome = test("tester", &format!("49151123457{number:02}"), true, saved).await;
            assert_ne!(outcome, Err(ErrorCode::ConnectorTestLimited), "{number}");
        }
        assert_eq!(test("tester", "4915112345799", true, saved).await, Err(ErrorCode::ConnectorTestLimited));
        assert_ne!(test("other", "4915112345799", true, saved).await, Err(ErrorCode::ConnectorTestLimited));
        let log = server.api(Method::GET, "/connectors/gateway-1/logs", None).await.expect(200).json();
        assert!(!log.as_array().unwrap().is_empty(), "tests are in the log");
        server.clock.turn(3700);
        assert_ne!(test("tester", "4915112345799", true, saved).await, Err(ErrorCode::ConnectorTestLimited));
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
        assert_eq!(code(upload(&server, inbox, "author").await.err().unwrap()), ErrorCode::UploadNameReserved);
    }
}
