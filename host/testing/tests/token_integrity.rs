//! What an application may believe of a token, and what a browser or an administrator at the same moment cannot change about it.

use http::Method;
use keyway_testing::{Answer, TestServer, on_both};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const PASSWORD: &str = "correct horse battery";

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap().to_owned()
}

fn error(answer: &Answer) -> String {
    text(&answer.json(), "error")
}

on_both! {
    async fn refresh_of_fifty_tabs(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", "8613800000003", PASSWORD).await;
        let mut browser = server.browser("203.0.113.7");
        let code = browser.sign_in(&application, "ada", PASSWORD).await;
        let token = text(&browser.exchange(&application, &code).await.expect(200).json(), "refresh_token");
        let less = browser
            .token(&application, &[("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", "openid unasked")])
            .await
            .expect(400);
        assert_eq!(error(&less), "invalid_scope");
        // A client with a secret rotates when most of the token's life is over.
        server.clock.turn(11 * 24 * 3600);
        let mut tabs = JoinSet::new();
        for _ in 0..50 {
            let (mut tab, application, token) = (browser.clone(), application.clone(), token.clone());
            tabs.spawn(async move { tab.refresh(&application, &token).await });
        }
        let mut newest = String::new();
        while let Some(answer) = tabs.join_next().await {
            newest = text(&answer.unwrap().expect(200).json(), "refresh_token");
        }
        assert_ne!(newest, token);
        browser.refresh(&application, &newest).await.expect(200);
        server.clock.turn(4);
        assert_eq!(error(&browser.refresh(&application, &token).await.expect(400)), "invalid_grant");
        assert_eq!(error(&browser.refresh(&application, &newest).await.expect(400)), "invalid_grant");
    }

    async fn lost_update_of_an_application(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let path = format!("/applications/{}", application.id);
        for round in 0..20 {
            let (name, description) = (format!("name {round}"), format!("description {round}"));
            let (one, two) = (json!({ "name": name }), json!({ "description": description }));
            let (first, second) =
                tokio::join!(server.api(Method::PATCH, &path, Some(one)), server.api(Method::PATCH, &path, Some(two)));
            first.expect(200);
            second.expect(200);
            let found = server.api(Method::GET, &path, None).await.expect(200).json();
            assert_eq!((text(&found, "name"), text(&found, "description")), (name, description));
        }
    }

    async fn a_code_goes_to_no_address_that_was_removed(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", "8613800000004", PASSWORD).await;
        let mut browser = server.browser("203.0.113.7");
        browser.start(&application, "SignIn").await;
        let body = json!({ "identifier": { "type": "username", "value": "ada" }, "password": PASSWORD });
        let proof = browser.step(Method::POST, "/verification/password", Some(body)).await.expect(200).json();
        browser.step(Method::POST, "/identification", Some(proof)).await.expect(204);
        let elsewhere = json!({ "oidcClientMetadata": { "redirectUris": ["https://elsewhere.example/cb"] } });
        server.api(Method::PATCH, &format!("/applications/{}", application.id), Some(elsewhere)).await.expect(200);
        assert_eq!(browser.step(Method::POST, "/submit", None).await.expect(400).code(), "session.not_found");
    }
}
