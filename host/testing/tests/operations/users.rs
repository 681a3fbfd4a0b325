use keyway_testing::{TestServer, on_both};
use serde_json::json;

use super::{Transcript, text};

const PASSWORD: &str = "correct horse battery";

on_both! {
    async fn users(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        let ada = calls.send("POST /users", json!({
            "username": "ada", "primaryEmail": "Ada@Example.com", "primaryPhone": "+44 20 7946 0018", "password": PASSWORD,
            "name": "Ada", "avatar": "https://example.com/ada.png", "customData": { "tier": 1 },
            "profile": { "nickname": "A", "address": { "country": "GB" } },
        })).await;
        let ada = format!("/users/{}", text(&ada, "id"));
        calls.send("POST /users", json!({ "id": "bob-1", "username": "bob" })).await;
        calls.send("POST /users", json!({ "primaryPhone": "8613800000001" })).await;
        calls.send("POST /users", json!({
            "username": "eve", "passwordAlgorithm": "Bcrypt",
            "passwordDigest": "$2b$04$abcdefghijklmnopqrstuuXzKpOQmRLfFzJFtnPU2gFqtVw4kDkDm",
        })).await;
        for body in [
            json!({ "username": "ADA" }),
            json!({ "primaryEmail": "ada@example.com" }),
            json!({ "primaryPhone": "442079460018" }),
            json!({ "id": "bob-1", "username": "bobby" }),
            json!({ "id": "a/b", "username": "bobby" }),
            json!({ "username": "1a" }),
            json!({ "username": "x".repeat(129) }),
            json!({ "primaryEmail": "nobody" }),
            json!({ "primaryPhone": "1" }),
            json!({ "username": "carl", "password": "short" }),
            json!({ "username": "carl", "password": PASSWORD, "passwordDigest": "x", "passwordAlgorithm": "Argon2i" }),
            json!({ "username": "carl", "passwordDigest": "x" }),
            json!({ "username": "carl", "passwordDigest": "x", "passwordAlgorithm": "MD5" }),
            json!({ "username": "carl", "passwordDigest": "x", "passwordAlgorithm": "Argon2i" }),
            json!({ "username": "carl", "avatar": "javascript:alert(1)" }),
            json!({ "username": "carl", "profile": { "sub": "victim" } }),
            json!({ "username": "carl", "customData": [] }),
            json!({ "username": 1 }),
        ] {
            calls.send("POST /users", body).await;
        }
        calls.call("GET /users?page_size=2").await;
        calls.call("GET /users?search.username=%25d%25&page_size=1").await;
        calls.call("GET /users?search=ada&mode=exact").await;
        for refused in ["page=0", "search=", "search.foo=x", "mode=fuzzy", "serach=x", "joint=xor&search=a"] {
            calls.call(&format!("GET /users?{refused}")).await;
        }
        calls.call(&format!("GET {ada}")).await;
        calls.call("GET /users/unknown").await;
        for body in [
            json!({ "username": "countess", "name": null, "avatar": "" }),
            json!({ "primaryEmail": null, "customData": { "tier": 2 }, "profile": { "givenName": "Ada" } }),
            json!({}),
            json!({ "username": "bob" }),
            json!({ "primaryPhone": "8613800000001" }),
            json!({ "primaryEmail": "nobody" }),
            json!({ "username": "a b" }),
            json!({ "name": "a\u{202E}b" }),
            json!({ "avatar": "javascript:alert(1)" }),
            json!({ "profile": { "roles": "admin" } }),
            json!({ "customData": 1 }),
        ] {
            calls.send(&format!("PATCH {ada}"), body).await;
        }
        calls.send("PATCH /users/unknown", json!({ "name": "Nobody" })).await;
        calls.call(&format!("DELETE {ada}")).await;
        calls.call(&format!("DELETE {ada}")).await;
        calls.call(&format!("GET {ada}")).await;
        calls.compare("users");
    }

    async fn parts_of_users(database: Database) {
        let server = TestServer::start(database).await;
        let user = server.user("ada", "8613800000009", PASSWORD).await;
        let ada = format!("/users/{}", text(&user, "id"));
        let mut calls = Transcript::new(&server);
        calls.know(text(&user, "id"));
        let data = format!("{ada}/custom-data");
        calls.call(&format!("GET {data}")).await;
        calls.send(&format!("PATCH {data}"), json!({ "customData": { "tier": 1, "theme": null } })).await;
        calls.send(&format!("PATCH {data}"), json!({ "customData": { "tier": 2 } })).await;
        calls.send(&format!("PATCH {data}"), json!({})).await;
        calls.send(&format!("PATCH {data}"), json!({ "customData": "text" })).await;
        calls.call("GET /users/unknown/custom-data").await;
        calls.send("PATCH /users/unknown/custom-data", json!({ "customData": {} })).await;

        let profile = format!("{ada}/profile");
        calls.send(&format!("PATCH {profile}"), json!({ "profile": { "nickname": "A", "address": { "country": "GB" } } })).await;
        calls.send(&format!("PATCH {profile}"), json!({ "profile": { "website": "https://example.com" } })).await;
        for refused in [json!({ "sub": "victim" }), json!({ "website": "javascript:alert(1)" }), json!(1)] {
            calls.send(&format!("PATCH {profile}"), json!({ "profile": refused })).await;
        }
        calls.send("PATCH /users/unknown/profile", json!({ "profile": {} })).await;

        calls.call(&format!("GET {ada}/has-password")).await;
        calls.call("GET /users/unknown/has-password").await;
        let password = format!("{ada}/password");
        calls.send(&format!("PATCH {password}"), json!({ "password": "another horse battery" })).await;
        calls.send(&format!("PATCH {password}"), json!({ "password": "short" })).await;
        calls.send(&format!("PATCH {password}"), json!({})).await;
        calls.send("PATCH /users/unknown/password", json!({ "password": "another horse battery" })).await;
        calls.send(&format!("POST {password}/verify"), json!({ "password": "another horse battery" })).await;
        calls.send(&format!("POST {password}/verify"), json!({ "password": PASSWORD })).await;
        calls.send(&format!("POST {password}/verify"), json!({})).await;
        calls.send("POST /users/unknown/password/verify", json!({ "password": PASSWORD })).await;

        for body in [json!({ "isSuspended": true }), json!({ "isSuspended": false }), json!({})] {
            calls.send(&format!("PATCH {ada}/is-suspended"), body).await;
        }
        calls.send("PATCH /users/unknown/is-suspended", json!({ "isSuspended": true })).await;
        calls.compare("parts_of_users");
    }

    async fn sessions_and_identities_of_users(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let user = server.user("ada", "8613800000009", PASSWORD).await;
        let ada = format!("/users/{}", text(&user, "id"));
        let mut calls = Transcript::new(&server);
        calls.know(text(&user, "id"));
        calls.call(&format!("GET {ada}/sessions")).await;
        server.browser("203.0.113.7").sign_in(&application, "ada", PASSWORD).await;
        server.clock.turn(1);
        let mut other = server.browser("203.0.113.8").with_header("user-agent", "A browser");
        other.sign_in(&application, "ada", PASSWORD).await;
        let sessions = calls.call(&format!("GET {ada}/sessions")).await;
        let session = format!("{ada}/sessions/{}", text(&sessions["sessions"][0]["payload"], "uid"));
        calls.call(&format!("GET {session}")).await;
        calls.call(&format!("DELETE {session}")).await;
        calls.call(&format!("DELETE {session}")).await;
        calls.call(&format!("GET {session}")).await;
        calls.call(&format!("GET {ada}/sessions")).await;
        calls.call("GET /users/unknown/sessions").await;

        let insert = "INSERT INTO user_identities (tenant_id, target, issuer, identity_id, user_id, details, created_at) \
             VALUES ('default', 'github', '', '1', $1, $2, 0)";
        let details = json!({ "id": "1", "name": "Ada", "email": "ada@example.com" }).to_string();
        let pool = server.database.connect().await;
        sqlx::query(insert).bind(text(&user, "id")).bind(details).execute(&pool).await.unwrap();
        calls.call(&format!("GET {ada}")).await;
        calls.call(&format!("DELETE {ada}/identities/github")).await;
        calls.call(&format!("DELETE {ada}/identities/github")).await;
        calls.call("DELETE /users/unknown/identities/github").await;
        calls.call(&format!("GET {ada}")).await;
        calls.compare("sessions_and_identities_of_users");
    }
}
