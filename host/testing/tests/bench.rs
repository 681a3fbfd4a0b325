//! The test bench itself: a sign-in by password and a sign-up by code on both databases.

use http::Method;
use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

on_both! {
    async fn a_password_signs_in(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let user = server.user("ada", "8613800000009", "correct horse battery").await;
        let mut browser = server.browser("203.0.113.7");
        let code = browser.sign_in(&application, "ada", "correct horse battery").await;
        let tokens = browser.exchange(&application, &code).await.expect(200).json();
        assert!(tokens.get("refresh_token").is_some());
        let bearer = format!("Bearer {}", tokens.get("access_token").and_then(Value::as_str).unwrap());
        let me = browser.with_header("authorization", &bearer).get("/oidc/me").await.expect(200).json();
        assert_eq!(me.get("sub"), user.get("id"));
        let mut stranger = server.browser("203.0.113.8");
        let answer = stranger.authorize_with(&application, &[("prompt", "none")]).await;
        assert_eq!(answer.location_parameter("error").as_deref(), Some("login_required"));
    }

    async fn a_code_signs_up_until_it_ends(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let phone = "8613800000001";
        let mut browser = server.browser("203.0.113.7");
        browser.start(&application, "Register").await;
        let sent = browser.send_code(phone, "Register").await.expect(200).json();
        let id = sent.get("verificationId").and_then(Value::as_str).unwrap().to_owned();
        let code = server.inbox.last(phone).unwrap().code().to_owned();
        server.clock.turn(3600);
        let late = browser.verify_code(phone, &id, &code).await;
        assert!(late.status.is_client_error(), "{}", late.body);
        browser.start(&application, "Register").await;
        let sent = browser.send_code(phone, "Register").await.expect(200).json();
        let id = sent.get("verificationId").and_then(Value::as_str).unwrap().to_owned();
        let code = server.inbox.last(phone).unwrap().code().to_owned();
        let verified = browser.verify_code(phone, &id, &code).await.expect(200).json();
        let made = browser.step(Method::POST, "/identification", Some(json!({
            "verificationId": verified.get("verificationId"),
        }))).await;
        made.expect(201);
        assert!(!browser.submit().await.is_empty());
        assert_eq!(server.inbox.count(), 2);
    }
}
