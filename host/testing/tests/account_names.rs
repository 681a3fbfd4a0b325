//! Names that must not stand for somebody else's account.

use http::Method;
use keyway_testing::{TestServer, on_both};
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
}
