use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

use super::{Transcript, text};

fn template(language: &str, usage: &str) -> Value {
    json!({ "languageTag": language, "templateType": usage, "details": { "subject": "Code", "content": "{{code}}" } })
}

on_both! {
    async fn email_templates(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        calls.call("GET /email-templates").await;
        calls.send("PUT /email-templates", json!({ "templates": [template("en", "SignIn")] })).await;
        let full = json!({
            "languageTag": "zh-CN", "templateType": "Register",
            "details": {
                "subject": "验证码", "content": "{{code}}", "contentType": "text/plain", "replyTo": "help@example.com",
                "sendFrom": "Shop",
            },
        });
        let all = calls.send("PUT /email-templates", json!({ "templates": [full] })).await;
        calls.send("PUT /email-templates", json!({ "templates": [] })).await;
        let mut changed = template("en", "SignIn");
        changed["details"]["subject"] = "Your code".into();
        calls.send("PUT /email-templates", json!({ "templates": [changed] })).await;
        let mut unknown = template("en", "SignIn");
        unknown["details"]["nonsense"] = 1.into();
        for body in [
            json!({}),
            json!({ "templates": [{}] }),
            json!({ "templates": [template("", "SignIn")] }),
            json!({ "templates": [template("en", "Sign in")] }),
            json!({ "templates": [unknown] }),
            json!({ "templates": [{ "languageTag": "en", "templateType": "SignIn", "details": { "subject": "Code" } }] }),
        ] {
            calls.send("PUT /email-templates", body).await;
        }
        let id = text(&all[0], "id");
        calls.call(&format!("DELETE /email-templates/{id}")).await;
        calls.call(&format!("DELETE /email-templates/{id}")).await;
        calls.call("GET /email-templates").await;
        calls.compare("email_templates");
    }
}
