use keyway_testing::{TestServer, on_both};
use serde_json::json;

use super::Transcript;

on_both! {
    async fn custom_phrases(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        calls.call("GET /custom-phrases").await;
        calls.call("GET /custom-phrases/en").await;
        calls.send("PUT /custom-phrases/en", json!({ "sign_in": "Come in" })).await;
        calls.send("PUT /custom-phrases/zh-CN", json!({ "sign_in": "进来" })).await;
        calls.send("PUT /custom-phrases/en", json!({ "sign_in": "Enter" })).await;
        for body in [
            json!({ "sing_in": "Come in" }),
            json!({ "sign_in": " " }),
            json!({ "sign_in": "a\nb" }),
            json!({ "sign_in": "x".repeat(501) }),
            json!({ "sign_in": 1 }),
            json!([]),
        ] {
            calls.send("PUT /custom-phrases/en", body).await;
        }
        calls.send(&format!("PUT /custom-phrases/{}", "x".repeat(257)), json!({ "sign_in": "Come in" })).await;
        calls.send("PUT /custom-phrases/tlh", json!({ "sign_in": "yI'el" })).await;
        calls.call("GET /custom-phrases").await;
        calls.call("GET /custom-phrases/en").await;
        calls.call("GET /custom-phrases/tlh").await;
        calls.call("DELETE /custom-phrases/en").await;
        calls.call("DELETE /custom-phrases/en").await;
        calls.call("GET /custom-phrases").await;
        calls.compare("custom_phrases");
    }
}
