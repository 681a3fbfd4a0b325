//! The Experience API as custom sign-in pages see it.

use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

use super::{Transcript, text};

const PASSWORD: &str = "correct horse battery";
const API: &str = "/api/experience";

fn phone(number: &str) -> Value {
    json!({ "type": "phone", "value": number })
}

on_both! {
    async fn sign_in_by_password(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", "8613800000009", PASSWORD).await;
        let mut calls = Transcript::new(&server);
        let mut browser = server.browser("203.0.113.7");
        calls.by(&mut browser, &format!("PUT {API}"), Some(json!({ "interactionEvent": "SignIn" }))).await;
        browser.authorize(&application).await.expect(303);
        calls.by(&mut browser, &format!("PUT {API}"), Some(json!({ "interactionEvent": "Dance" }))).await;
        calls.by(&mut browser, &format!("PUT {API}"), Some(json!({ "interactionEvent": "SignIn" }))).await;
        calls.by(&mut browser, &format!("GET {API}/interaction"), None).await;
        calls.by(&mut browser, &format!("POST {API}/submit"), None).await;
        calls.by(&mut browser, &format!("GET {API}/sso-connectors?email=ada%40example.com"), None).await;
        let proof = |name: &str, password: &str| {
            Some(json!({ "identifier": { "type": "username", "value": name }, "password": password }))
        };
        calls.by(&mut browser, &format!("POST {API}/verification/password"), proof("ada", "wrong")).await;
        calls.by(&mut browser, &format!("POST {API}/verification/password"), proof("nobody", PASSWORD)).await;
        calls.by(&mut browser, &format!("POST {API}/verification/password"), Some(json!({}))).await;
        let proven = calls.by(&mut browser, &format!("POST {API}/verification/password"), proof("ada", PASSWORD)).await;
        let unknown = Some(json!({ "verificationId": "unknown" }));
        calls.by(&mut browser, &format!("POST {API}/identification"), unknown).await;
        calls.by(&mut browser, &format!("POST {API}/identification"), Some(proven.json())).await;
        calls.by(&mut browser, &format!("GET {API}/interaction"), None).await;
        let answer = browser.json(http::Method::POST, &format!("{API}/submit"), None).await;
        let ended = answer.json();
        assert!(text(&ended, "redirectTo").starts_with("https://app.example.com/callback?"));
        calls.by(&mut browser, &format!("POST {API}/submit"), None).await;
        calls.compare("sign_in_by_password");
    }

    async fn sign_up_by_code(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut calls = Transcript::new(&server);
        let mut browser = server.browser("203.0.113.7");
        browser.start(&application, "Register").await;
        let (send, verify) =
            (format!("POST {API}/verification/verification-code"), format!("{API}/verification/verification-code/verify"));
        for (identifier, event) in [
            (json!({ "type": "email", "value": "ada@example.com" }), "Register"),
            (json!({ "type": "username", "value": "ada" }), "Register"),
            (phone("1"), "Register"),
            (phone("8613800000001"), "Dance"),
        ] {
            let body = json!({ "identifier": identifier, "interactionEvent": event });
            calls.by(&mut browser, &send, Some(body)).await;
        }
        let body = json!({ "identifier": phone("8613800000001"), "interactionEvent": "Register" });
        let sent = calls.by(&mut browser, &send, Some(body)).await.json();
        let id = text(&sent, "verificationId").to_owned();
        let code = server.inbox.awaited("8613800000001").await.code().to_owned();
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for (shown, number, verification, code) in [
            ("a wrong code", "8613800000001", id.as_str(), wrong),
            ("another number", "8613800000002", &id, &code),
            ("an unknown verification", "8613800000001", "unknown", &code),
            ("the code", "8613800000001", &id, &code),
        ] {
            let body = json!({ "identifier": phone(number), "verificationId": verification, "code": code });
            let answer = browser.json(http::Method::POST, &verify, Some(body)).await;
            calls.record(&format!("POST {verify}"), shown, &answer);
        }
        calls.by(&mut browser, &format!("PUT {API}/interaction-event"), Some(json!({ "interactionEvent": "SignIn" }))).await;
        let proven = Some(json!({ "verificationId": id }));
        calls.by(&mut browser, &format!("POST {API}/identification"), proven.clone()).await;
        calls.by(&mut browser, &format!("PUT {API}/interaction-event"), Some(json!({ "interactionEvent": "Register" }))).await;
        calls.by(&mut browser, &format!("POST {API}/identification"), proven).await;
        for body in [
            json!({ "type": "username", "value": "1a" }),
            json!({ "type": "password", "value": "short" }),
            json!({ "type": "shoe_size", "value": "42" }),
            json!({ "type": "username", "value": "ada" }),
        ] {
            calls.by(&mut browser, &format!("POST {API}/profile"), Some(body)).await;
        }
        calls.by(&mut browser, &format!("PUT {API}/profile/password"), Some(json!({ "password": PASSWORD }))).await;
        calls.by(&mut browser, &format!("GET {API}/interaction"), None).await;
        calls.compare("sign_up_by_code");
    }

    async fn other_proofs(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut calls = Transcript::new(&server);
        let mut browser = server.browser("203.0.113.7");
        browser.start(&application, "Register").await;
        let body = json!({ "identifier": { "type": "username", "value": "ada" }, "password": PASSWORD });
        calls.by(&mut browser, &format!("POST {API}/verification/new-password-identity"), Some(body)).await;
        let start = json!({ "state": "s", "redirectUri": "https://login.example.com/callback" });
        let social = format!("{API}/verification/social/unknown");
        calls.by(&mut browser, &format!("POST {social}/authorization-uri"), Some(start)).await;
        let back = json!({ "verificationId": "unknown", "connectorData": {} });
        calls.by(&mut browser, &format!("POST {social}/verify"), Some(back)).await;
        calls.by(&mut browser, &format!("POST {API}/unknown"), None).await;
        calls.compare("other_proofs");
    }
}
