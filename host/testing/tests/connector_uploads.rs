//! The life of uploaded modules over HTTP: who approves, what many do at once, and a disk that is full.

use std::sync::Arc;

use http::Method;
use keyway_core::connectors::{FourEyes, TrustPolicy};
use keyway_testing::{Answer, Database, Options, TestServer, module, on_both, waiting};
use serde_json::{Value, json};

const ID: &str = "http-sms";
const ROUNDS: usize = 6;

fn version(number: &str) -> Vec<u8> {
    module(ID, &[("0.1.0", number)])
}

fn digest(answer: &Answer) -> String {
    answer.json().get("digest").and_then(Value::as_str).unwrap().to_owned()
}

async fn step(server: &TestServer, digest: &str, step: &str) -> Answer {
    server.api(Method::POST, &format!("/connector-factories/{ID}/versions/{digest}/{step}"), None).await
}

async fn delete(server: &TestServer, digest: &str) -> Answer {
    server.api(Method::DELETE, &format!("/connector-factories/{ID}/versions/{digest}"), None).await
}

async fn roll_back(server: &TestServer) -> Answer {
    server.api(Method::POST, &format!("/connector-factories/{ID}/rollback"), None).await
}

async fn approved(server: &TestServer, number: &str) -> String {
    let digest = digest(&server.upload(version(number)).await.expect(201));
    step(server, &digest, "approve").await.expect(200);
    digest
}

/// Digest and state of every version.
async fn versions(server: &TestServer) -> Vec<(String, String)> {
    let shown = server.api(Method::GET, &format!("/connector-factories/{ID}"), None).await.json();
    let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).unwrap().to_owned();
    let all = shown.get("versions").and_then(Value::as_array).cloned().unwrap_or_default();
    all.iter().map(|one| (text(one, "digest"), text(one, "state"))).collect()
}

async fn set_up(server: &TestServer) {
    let body =
        json!({ "connectorId": ID, "id": "gateway", "routing": { "prefixes": ["49"] }, "config": config("first") });
    server.api(Method::POST, "/connectors", Some(body)).await.expect(200);
}

fn config(path: &str) -> Value {
    json!({ "endpoint": format!("https://gateway.example/{path}"), "authorization": "Bearer secret" })
}

async fn configure(server: &TestServer, change: Value) -> Answer {
    server.api(Method::PATCH, "/connectors/gateway", Some(change)).await
}

async fn endpoint(server: &TestServer) -> String {
    let shown = server.api(Method::GET, "/connectors/gateway", None).await.expect(200).json();
    shown.pointer("/config/endpoint").and_then(Value::as_str).unwrap().to_owned()
}

on_both! {
    async fn four_eyes_approval_is_by_somebody_else_than_the_uploader(database: Database) {
        let trust = TrustPolicy { four_eyes: FourEyes::Always, ..TrustPolicy::default() };
        let options = Options { trust: Some(trust), ..Options::default() };
        let mut server = TestServer::start_with(database, options).await;
        let uploaded = server.upload(version("0.1.1")).await.expect(201);
        let digest = digest(&uploaded);
        let refused = step(&server, &digest, "approve").await.expect(409);
        assert_eq!(refused.code(), "connector.approval_by_another");
        assert_eq!(step(&server, &digest, "activate").await.expect(409).code(), "connector.version_not_approved");
        let uploader = uploaded.json().get("uploadedBy").cloned();
        server.renew_token().await;
        assert_eq!(server.upload(version("0.1.1")).await.expect(201).json().get("uploadedBy"), uploader.as_ref());
        let approved = step(&server, &digest, "approve").await.expect(200).json();
        assert_ne!(approved.get("approvedBy"), uploader.as_ref());
        step(&server, &digest, "activate").await.expect(200);
    }

    async fn four_eyes_for_another_publishers_module_alone(database: Database) {
        let trust = TrustPolicy { four_eyes: FourEyes::Publisher, ..TrustPolicy::default() };
        let options = Options { trust: Some(trust), ..Options::default() };
        let mut server = TestServer::start_with(database, options).await;
        let own = approved(&server, "0.1.1").await;
        step(&server, &own, "activate").await.expect(200);
        server.renew_token().await;
        let others = digest(&server.upload(version("0.1.2")).await.expect(201));
        let refused = step(&server, &others, "approve").await.expect(409);
        assert_eq!(refused.code(), "connector.approval_by_another");
        server.renew_token().await;
        step(&server, &others, "approve").await.expect(200);
    }

    async fn the_same_module_uploaded_by_many_at_once_is_one_version(database: Database) {
        let server = TestServer::start(database).await;
        let all = futures_util::future::join_all((0..4).map(|_| server.upload(version("0.1.1")))).await;
        let digests: Vec<String> = all.into_iter().map(|answer| digest(&answer.expect(201))).collect();
        assert_eq!(versions(&server).await, [(digests.first().unwrap().clone(), "staged".to_owned())]);
        let logs = server.api(Method::GET, "/logs?logKey=Connector.Upload", None).await.expect(200).json();
        assert_eq!(logs.as_array().unwrap().len(), 1);
    }

    async fn security_logging_of_a_refused_upload_names_its_digest(database: Database) {
        let server = TestServer::start(database).await;
        let wasm = b"no component".to_vec();
        let digest = keyway_sandbox::Sandbox::digest(&wasm);
        let code = server.upload(wasm).await.expect(422).code();
        let logs = server.api(Method::GET, "/logs?logKey=Management.ConnectorFactories.Create", None).await.expect(200);
        let entry = logs.json().pointer("/0/payload").cloned().unwrap_or_default();
        assert_eq!(entry.pointer("/targets/digest"), Some(&json!(digest)), "{entry}");
        assert_eq!(entry.pointer("/error/code"), Some(&json!(code)));
    }

    async fn lost_update_of_an_activation_by_a_deletion(database: Database) {
        let server = TestServer::start(database).await;
        for round in 0..ROUNDS {
            let version = approved(&server, "0.1.1").await;
            let (activated, deleted) = if round % 2 == 0 {
                tokio::join!(step(&server, &version, "activate"), delete(&server, &version))
            } else {
                let (deleted, activated) = tokio::join!(delete(&server, &version), step(&server, &version, "activate"));
                (activated, deleted)
            };
            let after = versions(&server).await;
            match (activated.status.as_u16(), deleted.status.as_u16()) {
                (200, 409) => assert_eq!(after, [(version, "active".to_owned())]),
                (404, 204) => assert!(after.is_empty(), "{after:?}"),
                other => panic!("{other:?}: {} {}", activated.body, deleted.body),
            }
            server.api(Method::DELETE, &format!("/connector-factories/{ID}"), None).await;
        }
    }

    async fn lost_update_of_a_configuration_by_a_roll_back(database: Database) {
        let server = TestServer::start(database).await;
        let (old, new) = (approved(&server, "0.1.1").await, approved(&server, "0.1.2").await);
        step(&server, &old, "activate").await.expect(200);
        set_up(&server).await;
        for round in 0..ROUNDS {
            step(&server, &old, "activate").await.expect(200);
            configure(&server, json!({ "config": config("before") })).await.expect(200);
            step(&server, &new, "activate").await.expect(200);
            configure(&server, json!({ "config": config("between") })).await.expect(200);
            let path = format!("round-{round}");
            let change = json!({ "config": config(&path), "routing": { "prefixes": [format!("4{round}")] } });
            let (configured, rolled) = tokio::join!(configure(&server, change), roll_back(&server));
            configured.expect(200);
            rolled.expect(200);
            let shown = server.api(Method::GET, "/connectors/gateway", None).await.json();
            assert_eq!(shown.pointer("/routing/prefixes/0"), Some(&json!(format!("4{round}"))), "{round}");
            if endpoint(&server).await.ends_with("before") {
                // The roll-back came last: what was configured before it comes back with its version.
                roll_back(&server).await.expect(200);
            }
            assert!(endpoint(&server).await.ends_with(&path), "{round}: {}", endpoint(&server).await);
        }
    }

    async fn two_roll_backs_at_once_are_one(database: Database) {
        let server = TestServer::start(database).await;
        let (old, new) = (approved(&server, "0.1.1").await, approved(&server, "0.1.2").await);
        step(&server, &old, "activate").await.expect(200);
        set_up(&server).await;
        step(&server, &new, "activate").await.expect(200);
        configure(&server, json!({ "config": config("second") })).await.expect(200);
        let (one, other) = tokio::join!(roll_back(&server), roll_back(&server));
        assert!(!one.status.is_server_error() && !other.status.is_server_error(), "{} {}", one.body, other.body);
        let serves: Vec<String> =
            versions(&server).await.into_iter().filter(|one| one.1 == "active").map(|one| one.0).collect();
        let expected = if serves == [old.clone()] { "first" } else { "second" };
        assert!(serves == [old] || serves == [new], "{serves:?}");
        assert!(endpoint(&server).await.ends_with(expected), "a configuration of another version");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_update_of_a_configuration_that_was_saved_while_a_roll_back_waited() {
    let server = Arc::new(TestServer::start(Database::postgres().await).await);
    let pool = server.database.connect().await;
    let (old, new) = (approved(&server, "0.1.1").await, approved(&server, "0.1.2").await);
    step(&server, &old, "activate").await.expect(200);
    set_up(&server).await;
    step(&server, &new, "activate").await.expect(200);
    configure(&server, json!({ "config": config("between") })).await.expect(200);
    let held = hold(&pool).await;
    let (one, other) = (Arc::clone(&server), Arc::clone(&server));
    let configured = tokio::spawn(async move { configure(&one, json!({ "config": config("second") })).await });
    waiting(&pool, 1).await;
    let rolled = tokio::spawn(async move { roll_back(&other).await });
    waiting(&pool, 2).await;
    held.commit().await.unwrap();
    configured.await.unwrap().expect(200);
    rolled.await.unwrap().expect(200);
    assert!(endpoint(&server).await.ends_with("first"), "the configuration comes back with its version");
    roll_back(&server).await.expect(200);
    assert!(endpoint(&server).await.ends_with("second"), "what was saved under the version that went is kept with it");
}

/// A transaction that holds the tenant, so that what comes next waits in its order.
async fn hold(pool: &sqlx::AnyPool) -> sqlx::Transaction<'static, sqlx::Any> {
    let mut held = pool.begin().await.unwrap();
    sqlx::query("SELECT id FROM tenants WHERE id = 'default' FOR UPDATE").fetch_one(&mut *held).await.unwrap();
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_is_judged_by_what_serves_when_it_is_stored() {
    let trust = TrustPolicy { four_eyes: FourEyes::Publisher, ..TrustPolicy::default() };
    let options = Options { trust: Some(trust), ..Options::default() };
    let mut server = TestServer::start_with(Database::postgres().await, options).await;
    let pool = server.database.connect().await;
    let first = approved(&server, "0.1.1").await;
    server.renew_token().await;
    let others = digest(&server.upload(version("0.1.2")).await.expect(201));
    let server = Arc::new(server);
    let held = hold(&pool).await;
    let (one, other, name) = (Arc::clone(&server), Arc::clone(&server), others.clone());
    let activated = tokio::spawn(async move { step(&one, &first, "activate").await });
    waiting(&pool, 1).await;
    // Nothing serves yet: the uploader may approve.
    let approved = tokio::spawn(async move { step(&other, &name, "approve").await });
    waiting(&pool, 2).await;
    held.commit().await.unwrap();
    activated.await.unwrap().expect(200);
    assert_eq!(approved.await.unwrap().expect(409).code(), "connector.approval_by_another");
    assert_eq!(step(&server, &others, "activate").await.expect(409).code(), "connector.version_not_approved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_is_set_up_during_a_switch_of_versions_is_judged_by_the_new_one() {
    let server = Arc::new(TestServer::start(Database::postgres().await).await);
    let pool = server.database.connect().await;
    let (old, new) = (approved(&server, "0.1.1").await, approved(&server, "0.1.2").await);
    step(&server, &old, "activate").await.expect(200);
    let held = hold(&pool).await;
    let (one, other) = (Arc::clone(&server), Arc::clone(&server));
    let activated = tokio::spawn(async move { step(&one, &new, "activate").await });
    waiting(&pool, 1).await;
    let made = tokio::spawn(async move { set_up(&other).await });
    waiting(&pool, 2).await;
    held.commit().await.unwrap();
    activated.await.unwrap().expect(200);
    made.await.unwrap();
    assert!(endpoint(&server).await.ends_with("first"));
}

/// Makes every write of this module's compiled code fail as on a full disk.
#[cfg(target_os = "linux")]
fn fill(server: &TestServer, digest: &str) {
    let mut count = 0;
    for entry in std::fs::read_dir(server.cache()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "cwasm") {
            continue;
        }
        let (_, engine) = path.file_stem().unwrap().to_str().unwrap().split_once('-').unwrap();
        let draft = server.cache().join(format!("{digest}-{engine}.{}.tmp", std::process::id()));
        if std::os::unix::fs::symlink("/dev/full", draft).is_ok() {
            count += 1;
        }
    }
    assert!(count > 0, "nothing is compiled yet");
}

#[cfg(target_os = "linux")]
on_both! {
    async fn a_full_disk_is_said_as_such_and_room_can_be_made(database: Database) {
        let server = TestServer::start(database).await;
        let kept = approved(&server, "0.1.1").await;
        let next = version("0.1.2");
        fill(&server, &keyway_sandbox::Sandbox::digest(&next));
        let refused = server.upload(next.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (507, "upload.storage_full"), "{}", refused.body);
        assert_eq!(versions(&server).await.len(), 1, "nothing of a refused upload is kept");
        delete(&server, &kept).await.expect(204);
        let left = std::fs::read_dir(server.cache()).unwrap();
        let of_it = left.filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with(&kept));
        assert_eq!(of_it.count(), 0, "its compiled code took room");
        server.upload(next).await.expect(201);
    }
}
