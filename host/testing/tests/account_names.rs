//! Names that must not stand for somebody else's account.

use http::Method;
use keyway_testing::{Answer, TestServer, on_both};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

on_both! {
    async fn identifier_normalisation_of_usernames(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("Boss", "8613800000001", PASSWORD).await;
        let twice = server.api(Method::POST, "/users", Some(json!({ "username": "boss" }))).await.expect(422);
        assert_eq!(twice.code(), "user.username_already_in_use");
        let other = server.user("clerk", "8613800000002", PASSWORD).await;
        let id = other.get("id").and_then(Value::as_str).unwrap_or_default();
        let change = json!({ "username": "BOSS" });
        server.api(Method::PATCH, &format!("/users/{id}"), Some(change)).await.expect(422);
        // Whoever types a name in another case means the one account that has it.
        server.browser("203.0.113.7").sign_in(&application, "boss", PASSWORD).await;
        server.browser("203.0.113.7").sign_in(&application, "BOSS", PASSWORD).await;
    }

    async fn confused_deputy_a_user_with_the_id_of_a_program(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let refused = server.api(Method::POST, "/users", Some(json!({ "id": application.id, "username": "robot" }))).await.expect(400);
        assert!(refused.body.contains("application"), "{}", refused.body);
        server.api(Method::POST, "/users", Some(json!({ "id": "robot-1", "username": "robot" }))).await.expect(200);
    }

    async fn a_taken_identifier_is_named_by_its_own_code_also_in_a_race(database: Database) {
        let server = TestServer::start(database).await;
        let change = |id: &str, body: Value| {
            let path = format!("/users/{id}");
            let server = &server;
            async move { server.api(Method::PATCH, &path, Some(body)).await }
        };
        let made = async |body: Value| {
            let user = server.api(Method::POST, "/users", Some(body)).await.expect(200).json();
            user.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        for round in 0..6 {
            for (field, value, code) in [
                ("username", format!("name_{round}"), "user.username_already_in_use"),
                ("primaryEmail", format!("ada{round}@example.com"), "user.email_already_in_use"),
                ("primaryPhone", format!("861380000010{round}"), "user.phone_already_in_use"),
            ] {
                let body = json!({ field: value });
                let create = || server.api(Method::POST, "/users", Some(body.clone()));
                let (one, other) = tokio::join!(create(), create());
                one_is_refused(&[one, other], code);
                let winner = server.api(Method::GET, &format!("/users?search=%25{value}%25"), None).await.json();
                let winner = winner.pointer("/0/id").and_then(Value::as_str).unwrap_or_default().to_owned();
                server.api(Method::DELETE, &format!("/users/{winner}"), None).await.expect(204);
                let (first, second) = (made(json!({ "name": "One" })).await, made(json!({ "name": "Other" })).await);
                let (one, other) = tokio::join!(change(&first, body.clone()), change(&second, body.clone()));
                one_is_refused(&[one, other], code);
                for id in [first, second] {
                    server.api(Method::DELETE, &format!("/users/{id}"), None).await.expect(204);
                }
            }
        }
        // A taken id beside a free name is no taken name.
        made(json!({ "id": "chosen", "username": "chosen" })).await;
        let twice = server.api(Method::POST, "/users", Some(json!({ "id": "chosen", "username": "free" }))).await.expect(422);
        assert_eq!(twice.code(), "entity.unique_integrity_violation");
    }
}

/// One answer is 200, the other this refusal.
#[track_caller]
fn one_is_refused(answers: &[Answer; 2], code: &str) {
    let mut said: Vec<(u16, String)> = answers.iter().map(|answer| (answer.status.as_u16(), answer.code())).collect();
    said.sort();
    assert_eq!(said, [(200, String::new()), (422, code.to_owned())]);
}
