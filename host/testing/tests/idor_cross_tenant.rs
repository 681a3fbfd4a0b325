//! Ids of the operators' tenant mean nothing at the Management API of the users' tenant.

use http::Method;
use keyway_core::administrators;
use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

on_both! {
    async fn idor_cross_tenant(database: Database) {
        let server = TestServer::start(database).await;
        let operator = administrators::create(&server.operators(), "root", None, true, &[]).await.unwrap();
        let own = server.user("ada", "8613800000001", "correct horse battery").await;
        let role = json!({ "name": "reader", "description": "Reads", "type": "User" });
        let role = server.api(Method::POST, "/roles", Some(role)).await.expect(200).json();
        let role = role.get("id").and_then(Value::as_str).unwrap();
        let of = |id: &str| {
            let path = |end: &str| format!("/users/{id}{end}");
            [
                (Method::GET, path(""), None),
                (Method::PATCH, path(""), Some(json!({ "name": "taken" }))),
                (Method::GET, path("/custom-data"), None),
                (Method::PATCH, path("/custom-data"), Some(json!({ "customData": { "a": 1 } }))),
                (Method::PATCH, path("/profile"), Some(json!({ "profile": { "nickname": "taken" } }))),
                (Method::PATCH, path("/is-suspended"), Some(json!({ "isSuspended": true }))),
                (Method::PATCH, path("/password"), Some(json!({ "password": "another horse battery" }))),
                (Method::POST, path("/password/verify"), Some(json!({ "password": "another horse battery" }))),
                (Method::GET, path("/has-password"), None),
                (Method::GET, path("/roles"), None),
                (Method::POST, path("/roles"), Some(json!({ "roleIds": [role] }))),
                (Method::DELETE, path("/roles/administrator"), None),
                (Method::DELETE, path("/identities/provider"), None),
                (Method::GET, path("/sessions"), None),
                (Method::GET, path("/sessions/s"), None),
                (Method::DELETE, path("/sessions/s"), None),
                (Method::DELETE, path(""), None),
            ]
        };
        for (method, path, body) in of(operator.id.as_str()) {
            let answer = server.api(method.clone(), &path, body).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
        }
        // An operators' role is none of the users' tenant.
        let id = own.get("id").and_then(Value::as_str).unwrap();
        let given = server.api(Method::POST, &format!("/users/{id}/roles"), Some(json!({ "roleIds": ["administrator"] }))).await;
        assert!(given.status.is_client_error(), "{}", given.body);
        let kept = administrators::named(&server.operators(), "root").await.unwrap();
        assert!(kept.may_do_everything() && !kept.user.is_suspended && kept.user.name.is_none());
    }

    async fn mass_assignment(database: Database) {
        let server = TestServer::start(database).await;
        let body = json!({
            "username": "ada", "isSuspended": true, "lastSignInAt": 1, "createdAt": 1, "updatedAt": 1, "applicationId": "x",
            "hasPassword": true, "credentialEpoch": 7, "tenantId": "admin", "roleNames": ["administrator"],
            "identities": { "github": { "userId": "1" } }, "passwordHash": "x", "password_hash": "x",
        });
        let made = server.api(Method::POST, "/users", Some(body.clone())).await;
        let id = if made.status == 200 {
            made.json().get("id").and_then(Value::as_str).unwrap().to_owned()
        } else {
            made.expect(400);
            let made = server.api(Method::POST, "/users", Some(json!({ "username": "ada" }))).await.expect(200).json();
            made.get("id").and_then(Value::as_str).unwrap().to_owned()
        };
        let changed = server.api(Method::PATCH, &format!("/users/{id}"), Some(body)).await;
        assert!(!changed.status.is_server_error());
        let user = server.api(Method::GET, &format!("/users/{id}"), None).await.expect(200).json();
        for (field, value) in [
            ("isSuspended", json!(false)), ("lastSignInAt", Value::Null), ("applicationId", Value::Null),
            ("hasPassword", json!(false)), ("identities", json!({})),
        ] {
            assert_eq!(user.get(field), Some(&value), "{field}");
        }
        assert_ne!(user.get("createdAt"), Some(&json!(1)));
        let roles = server.api(Method::GET, &format!("/users/{id}/roles"), None).await.expect(200).json();
        assert_eq!(roles, json!([]));
        assert_eq!(administrators::list(&server.operators()).await.unwrap().len(), 0);
        // Ids that a caller chooses are names, and taken ones are said to be.
        for bad in ["../../x", "a b", "", "名", &"x".repeat(65)] {
            let answer = server.api(Method::POST, "/users", Some(json!({ "id": bad }))).await;
            assert!(answer.status == 400 || (bad.is_empty() && answer.status == 200), "{bad}: {}", answer.body);
        }
        let taken = server.api(Method::POST, "/users", Some(json!({ "id": id }))).await.expect(422);
        assert_eq!(taken.code(), "entity.unique_integrity_violation");
    }

    async fn imported_hashes_are_refused_by_name_and_do_not_hold_a_thread(database: Database) {
        let server = TestServer::start(database).await;
        let import = async |algorithm: &str, digest: &str| {
            let body = json!({ "passwordAlgorithm": algorithm, "passwordDigest": digest });
            server.api(Method::POST, "/users", Some(body)).await
        };
        let endless = "$argon2id$v=19$m=8,t=4294967295,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA";
        let refused = import("Argon2id", endless).await.expect(400);
        assert!(refused.body.contains("passwordDigest") && refused.body.contains("m times t"), "{}", refused.body);
        import("Bcrypt", "$2b$04$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuuabcdefghi").await.expect(200);
    }
}
