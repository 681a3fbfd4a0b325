use std::task::Poll;

use futures_util::poll;
use keyway_core::Cx;
use keyway_core::connectors::{FourEyes, TrustPolicy, factories};
use keyway_model::TenantId;
use keyway_testing::{Options, TestServer, module, on_both};

use super::{Transcript, text};

const WASM: &str = "application/wasm";
const FACTORY: &str = "/connector-factories/http-sms";

on_both! {
    async fn connector_factories(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        calls.call("GET /connector-factories").await;
        calls.call("GET /connector-factories/keyway-dev-inbox").await;
        calls.call("GET /connector-factories/unknown").await;
        let first = module("http-sms", &[("0.1.0", "0.1.1")]);
        let first = calls.send_bytes("POST /connector-factories", WASM, "version 0.1.1", first).await;
        let first = format!("{FACTORY}/versions/{}", text(&first, "digest"));
        calls.call(&format!("GET {FACTORY}")).await;
        calls.call(&format!("POST {first}/activate")).await;
        calls.call(&format!("POST {first}/approve")).await;
        calls.call(&format!("POST {first}/approve")).await;
        calls.call(&format!("POST {FACTORY}/rollback")).await;
        calls.call(&format!("POST {first}/activate")).await;
        calls.call(&format!("POST {FACTORY}/rollback")).await;
        calls.call(&format!("DELETE {first}")).await;
        let second = module("http-sms", &[("0.1.0", "0.1.2")]);
        let second = calls.send_bytes("POST /connector-factories", WASM, "version 0.1.2", second).await;
        let second = format!("{FACTORY}/versions/{}", text(&second, "digest"));
        calls.call(&format!("POST {second}/approve")).await;
        calls.call(&format!("POST {second}/activate")).await;
        calls.call(&format!("POST {FACTORY}/rollback")).await;
        calls.call(&format!("DELETE {second}")).await;
        calls.call(&format!("DELETE {second}")).await;
        for step in ["approve", "activate"] {
            calls.call(&format!("POST {second}/{step}")).await;
        }
        calls.call("POST /connector-factories/unknown/rollback").await;
        calls.call(&format!("POST /connector-factories/{}/rollback", "x".repeat(257))).await;
        let gateway = serde_json::json!({ "connectorId": "http-sms", "config": { "endpoint": "https://gateway.example" } });
        let gateway = server.api(http::Method::POST, "/connectors", Some(gateway)).await.expect(200).json();
        calls.call(&format!("DELETE {FACTORY}")).await;
        let gateway = format!("/connectors/{}", text(&gateway, "id"));
        server.api(http::Method::DELETE, &gateway, None).await.expect(204);
        calls.call(&format!("DELETE {FACTORY}")).await;
        calls.call(&format!("DELETE {FACTORY}")).await;
        calls.call("DELETE /connector-factories/keyway-dev-inbox").await;
        calls.compare("connector_factories");
    }

    async fn refused_uploads(database: Database) {
        let trust = TrustPolicy { four_eyes: FourEyes::Always, versions_per_factory: 1, ..TrustPolicy::default() };
        let server = TestServer::start_with(database, Options { trust: Some(trust), ..Options::default() }).await;
        let mut calls = Transcript::new(&server);
        let upload = "POST /connector-factories";
        let damaged = module("http-sms", &[]).into_iter().take(1000).collect();
        for (shown, bytes) in [
            ("nothing", Vec::new()),
            ("text", b"text".to_vec()),
            ("a core module", b"\0asm\x01\0\0\0".to_vec()),
            ("an empty component", b"\0asm\x0d\0\x01\0".to_vec()),
            ("the first bytes of a module", damaged),
            ("another version of the binary's own", module("dev-inbox", &[("0.1.0", "9.9.0")])),
        ] {
            calls.send_bytes(upload, WASM, shown, bytes).await;
        }
        calls.send_bytes(upload, WASM, "more than 24 MiB", vec![0; 24 * 1024 * 1024 + 1]).await;
        let version = calls.send_bytes(upload, WASM, "a module", module("http-sms", &[])).await;
        calls.call(&format!("POST {FACTORY}/versions/{}/approve", text(&version, "digest"))).await;
        let next = module("http-sms", &[("0.1.0", "0.1.1")]);
        calls.send_bytes(upload, WASM, "one version too many", next).await;
        let cx = Cx::system(&server.core, TenantId::default_tenant());
        let mut waiting = Vec::new();
        loop {
            let mut turn = Box::pin(factories::turn(&cx));
            match poll!(&mut turn) {
                Poll::Ready(Err(_)) => break,
                had => waiting.push((turn, had)),
            }
        }
        calls.send_bytes(upload, WASM, "one more than may wait", Vec::new()).await;
        calls.compare("refused_uploads");
    }
}
