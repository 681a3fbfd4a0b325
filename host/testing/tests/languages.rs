//! Refusals in the reader's language.

use http::Method;
use keyway_testing::{TestServer, on_both};
use serde_json::json;

on_both! {
    async fn the_console_says_in_chinese_why_a_form_is_refused(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await.with_header("accept-language", "zh-CN");
        let name = "x".repeat(257);
        for (path, form, expected) in [
            (
                "/console/tenants",
                &[("id", "acme"), ("address", "http://id.example.com")][..],
                "须以 https:// 开头；localhost 可使用 http://",
            ),
            (
                "/console/applications",
                &[("framework", "machine-to-machine"), ("name", name.as_str())],
                "name：长度须为 1 到 256 个字符",
            ),
            (
                "/console/connectors/set-up/keyway-dev-inbox",
                &[("op", "save"), ("/endpoint", "")],
                "endpoint 不能缺少。",
            ),
        ] {
            let refused = browser.post_form(path, form).await.expect(400).body;
            assert!(refused.contains(expected), "{path}: {refused}");
        }
    }

    async fn programs_read_english_in_whatever_language_they_accept(database: Database) {
        let server = TestServer::start(database).await;
        let mut program = server.machine().with_header("accept-language", "zh-CN");
        for (path, body, expected) in [
            ("/api/applications", json!({ "name": "", "type": "SPA" }), "name: must have 1 to 256 characters"),
            ("/api/connectors", json!({ "connectorId": "keyway-dev-inbox" }), "endpoint is missing."),
        ] {
            let refused = program.json(Method::POST, path, Some(body)).await.expect(400).json();
            assert_eq!(refused.get("message"), Some(&json!(expected)));
        }
    }
}
