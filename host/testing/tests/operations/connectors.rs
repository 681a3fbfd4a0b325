use keyway_testing::{TestServer, module, on_both};
use serde_json::{Value, json};

use super::{Transcript, text};

/// Lets a module serve.
async fn activate(server: &TestServer, name: &str) {
    let version = server.upload(module(name, &[])).await.expect(201).json();
    for step in ["approve", "activate"] {
        let (id, digest) = (text(&version, "id"), text(&version, "digest"));
        let path = format!("/connector-factories/{id}/versions/{digest}/{step}");
        server.api(http::Method::POST, &path, None).await.expect(200);
    }
}

/// An HTTP SMS connector for a country.
fn gateway(id: &str) -> Value {
    json!({
        "connectorId": "http-sms", "id": id, "routing": { "prefixes": ["49"], "order": 1 },
        "config": { "endpoint": "https://gateway.example/send", "authorization": "Bearer TOP-SECRET" },
    })
}

on_both! {
    async fn connectors_of_messages(database: Database) {
        let server = TestServer::start(database).await;
        activate(&server, "http-sms").await;
        let mut calls = Transcript::new(&server);
        calls.send("POST /connectors", gateway("gateway-1")).await;
        let with = |change: Value| {
            let mut body = gateway("gateway-2");
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            body
        };
        for body in [
            json!({}),
            with(json!({ "connectorId": "unknown" })),
            with(json!({ "id": "gateway-1" })),
            with(json!({ "id": "a/b" })),
            with(json!({ "routing": { "prefixes": ["+49"] } })),
            with(json!({ "config": { "endpoint": "ftp://gateway.example" } })),
            with(json!({ "config": { "endpoint": "https://gateway.example", "authorization": " " } })),
            with(json!({ "config": {} })),
            with(json!({ "config": "none" })),
            with(json!({ "metadata": { "target": "gateway" } })),
            with(json!({ "enableTokenStorage": true })),
        ] {
            calls.send("POST /connectors", body).await;
        }
        calls.call("GET /connectors").await;
        calls.call("GET /connectors?target=http-sms").await;
        calls.call("GET /connectors?target=unknown").await;
        calls.call("GET /connectors?target=a&target=b").await;
        calls.call("GET /connectors/gateway-1").await;
        calls.call("GET /connectors/unknown").await;

        let masked = calls.call("GET /connectors/gateway-1").await;
        let secret = text(&masked["config"], "authorization").to_owned();
        for body in [
            json!({ "config": { "endpoint": "https://gateway.example/send", "authorization": secret } }),
            json!({ "routing": { "prefixes": [], "order": 0 }, "enabled": false }),
            json!({ "enabled": true, "syncProfile": true }),
            json!({}),
            json!({ "config": { "endpoint": "https://evil.example/", "authorization": secret } }),
            json!({ "config": { "endpoint": 1 } }),
            json!({ "metadata": { "name": "Gateway" } }),
            json!({ "metadata": { "target": "gateway" } }),
            json!({ "enableTokenStorage": true }),
            json!({ "enabled": "yes" }),
        ] {
            calls.send("PATCH /connectors/gateway-1", body).await;
        }
        calls.send("PATCH /connectors/unknown", json!({ "enabled": true })).await;

        let inbox = json!({ "endpoint": "https://inbox.keyway.internal/messages" });
        calls.send("POST /connectors/keyway-dev-inbox/test", json!({ "phone": "8613800000001", "config": inbox })).await;
        for body in [
            json!({ "phone": "8613800000001", "locale": "zh-CN", "config": {} }),
            json!({ "phone": "1", "config": inbox }),
            json!({ "email": "ada@example.com", "config": inbox }),
            json!({ "phone": "8613800000001", "id": "unknown", "config": inbox }),
            json!({ "phone": "8613800000001" }),
        ] {
            calls.send("POST /connectors/keyway-dev-inbox/test", body).await;
        }
        calls.send("POST /connectors/unknown/test", json!({ "phone": "8613800000001", "config": {} })).await;
        let unreachable = json!({ "phone": "4915112345678", "config": { "endpoint": "https://gateway.example/send" } });
        calls.send("POST /connectors/http-sms/test", unreachable.clone()).await;
        for _ in 1..10 {
            server.api(http::Method::POST, "/connectors/http-sms/test", Some(unreachable.clone())).await.expect(502);
        }
        calls.send("POST /connectors/http-sms/test", unreachable).await;

        calls.call("GET /connectors/gateway-1/logs").await;
        calls.call("GET /connectors/unknown/logs").await;
        calls.call("DELETE /connectors/gateway-1").await;
        calls.call("DELETE /connectors/gateway-1").await;
        calls.call("GET /connectors/gateway-1/logs").await;
        calls.compare("connectors_of_messages");
    }

    async fn connectors_of_identities(database: Database) {
        let server = TestServer::start(database).await;
        activate(&server, "github").await;
        activate(&server, "oauth2").await;
        let mut calls = Transcript::new(&server);
        let github = json!({ "connectorId": "github-universal", "config": { "clientId": "id", "clientSecret": "TOP-SECRET" } });
        calls.send("POST /connectors", github.clone()).await;
        calls.send("POST /connectors", github).await;
        let corp = |metadata: Value| {
            json!({
                "connectorId": "oauth2", "id": "corp", "metadata": metadata, "trustVerifiedAddresses": true,
                "config": {
                    "clientId": "id", "clientSecret": "TOP-SECRET", "authorizationEndpoint": "https://corp.example/authorize",
                    "tokenEndpoint": "https://corp.example/token", "userInfoEndpoint": "https://corp.example/me",
                },
            })
        };
        for metadata in [
            json!({}),
            json!({ "target": "github" }),
            json!({ "target": "corp", "nonsense": 1 }),
            json!({ "target": "corp", "name": { "en": "Corp" }, "logo": null }),
        ] {
            calls.send("POST /connectors", corp(metadata)).await;
        }
        for body in [
            json!({ "metadata": { "name": { "en": "The corporation" }, "logo": "https://corp.example/logo.png" } }),
            json!({ "metadata": { "target": "other" } }),
            json!({ "syncProfile": true, "trustVerifiedAddresses": false }),
            json!({ "config": { "clientId": "id" } }),
        ] {
            calls.send("PATCH /connectors/corp", body).await;
        }
        calls.send("POST /connectors/oauth2/test", json!({ "phone": "8613800000001", "config": {} })).await;
        calls.call("DELETE /connectors/corp").await;
        calls.compare("connectors_of_identities");
    }
}
