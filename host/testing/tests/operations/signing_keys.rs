use keyway_testing::{TestServer, on_both};
use serde_json::json;

use super::{Transcript, text};

on_both! {
    async fn oidc_keys(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        let keys = calls.call("GET /configs/oidc/private-keys").await;
        let first = format!("/configs/oidc/private-keys/{}", text(&keys[0], "id"));
        calls.call(&format!("DELETE {first}")).await;
        for kind in ["cookie-keys", "unknown"] {
            calls.call(&format!("GET /configs/oidc/{kind}")).await;
            calls.call(&format!("POST /configs/oidc/{kind}/rotate")).await;
            calls.call(&format!("DELETE /configs/oidc/{kind}/id")).await;
        }
        for body in [
            json!({ "signingKeyAlgorithm": "RSA" }),
            json!({ "rotationGracePeriod": -1 }),
            json!({ "rotationGracePeriod": "soon" }),
            json!({ "nonsense": 1 }),
        ] {
            calls.send("POST /configs/oidc/private-keys/rotate", body).await;
        }
        let next = json!({ "signingKeyAlgorithm": "EC", "rotationGracePeriod": 60 });
        calls.send("POST /configs/oidc/private-keys/rotate", next).await;
        calls.call("POST /configs/oidc/private-keys/rotate").await;
        server.clock.turn(120);
        calls.call("GET /configs/oidc/private-keys").await;
        calls.call("POST /configs/oidc/private-keys/rotate").await;
        calls.call(&format!("DELETE {first}")).await;
        calls.call(&format!("DELETE {first}")).await;
        calls.compare("signing_keys");
    }
}
