//! Passwords that were hashed elsewhere: renewed when they are typed, and bounded in what they cost everybody.

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use http::Method;
use keyway_testing::{Answer, Database, TestServer, on_both};
use serde_json::json;

const PASSWORD: &str = "correct horse battery";
const PRESENT: &str = "$argon2id$v=19$m=64,t=1,p=1$";

fn hashed(algorithm: Algorithm, version: Version, passes: u32) -> String {
    let argon2 = Argon2::new(algorithm, version, Params::new(32, passes, 1, None).unwrap());
    argon2.hash_password_with_salt(PASSWORD.as_bytes(), b"0123456789abcdef").unwrap().to_string()
}

async fn import(server: &TestServer, name: &str, algorithm: &str, digest: &str) -> Answer {
    let body = json!({ "username": name, "primaryPhone": format!("86138000{:05}", name.len()), "passwordAlgorithm": algorithm,
        "passwordDigest": digest });
    server.api(Method::POST, "/users", Some(body)).await
}

async fn texts(database: &Database, statement: &'static str) -> Vec<String> {
    sqlx::query_scalar(statement).fetch_all(&database.connect().await).await.unwrap()
}

async fn costs(database: &Database) -> Vec<String> {
    texts(database, "SELECT cost FROM password_costs ORDER BY cost").await
}

on_both! {
    async fn a_hash_of_another_cost_is_renewed_when_its_password_is_typed(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        for (name, algorithm, digest, password) in [
            ("a", "Argon2id", hashed(Algorithm::Argon2id, Version::V0x13, 1), PASSWORD),
            ("bb", "Argon2i", hashed(Algorithm::Argon2i, Version::V0x13, 2), PASSWORD),
            ("ccc", "Argon2id", hashed(Algorithm::Argon2id, Version::V0x10, 1), PASSWORD),
            // A test vector of crypt_blowfish.
            ("dddd", "Bcrypt", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".into(), "U*U"),
        ] {
            import(&server, name, algorithm, &digest).await.expect(200);
            server.browser("203.0.113.7").sign_in(&application, name, password).await;
            server.browser("203.0.113.8").sign_in(&application, name, password).await;
        }
        let imported = "SELECT password_hash FROM users WHERE username IN ('a', 'bb', 'ccc', 'dddd')";
        let hashes = texts(&server.database, imported).await;
        assert_eq!(hashes.len(), 4);
        assert!(hashes.iter().all(|hash| hash.starts_with(PRESENT)), "{hashes:?}");
    }

    async fn a_cost_ends_with_the_last_hash_that_has_it(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let digest = hashed(Algorithm::Argon2id, Version::V0x13, 1);
        let cost = ["argon2id 32 1 1"];
        import(&server, "a", "Argon2id", &digest).await.expect(200);
        import(&server, "bb", "Argon2id", &digest).await.expect(200);
        server.browser("203.0.113.7").sign_in(&application, "a", PASSWORD).await;
        server.run_jobs().await;
        assert_eq!(costs(&server.database).await, cost, "one hash still costs so much");
        server.browser("203.0.113.7").sign_in(&application, "bb", PASSWORD).await;
        server.run_jobs().await;
        assert!(costs(&server.database).await.is_empty());
        import(&server, "ccc", "Argon2id", &digest).await.expect(200);
        assert_eq!(costs(&server.database).await, cost);
    }

    async fn noise_budget_of_a_ninth_cost(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let named = |number: u32| "x".repeat(usize::try_from(number).unwrap());
        let digest = |number: u32| hashed(Algorithm::Argon2id, Version::V0x13, number);
        let digests: Vec<String> = (1..=12).map(digest).collect();
        let imports = digests.iter().zip(1..).map(|(digest, number)| {
            let (server, name) = (&server, named(number));
            async move { import(server, &name, "Argon2id", digest).await.status }
        });
        let statuses = futures_util::future::join_all(imports).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 8, "{statuses:?}");
        assert_eq!(costs(&server.database).await.len(), 8, "every cost is known that a hash has, however many come at once");
        let taken = statuses.iter().position(|status| *status == 200).unwrap();
        let refused = statuses.iter().position(|status| *status != 200).unwrap();
        let again = import(&server, "once_more_again", "Argon2id", digests.get(refused).unwrap()).await.expect(400);
        assert!(again.body.contains("passwordDigest"), "{}", again.body);
        server.browser("203.0.113.7").sign_in(&application, &named(u32::try_from(taken).unwrap() + 1), PASSWORD).await;
        server.run_jobs().await;
        import(&server, "once_more_again", "Argon2id", digests.get(refused).unwrap()).await.expect(200);
    }

    async fn rows_of_an_earlier_version_are_brought_up_to_date(database: Database) {
        let server = TestServer::start(database).await;
        import(&server, "a", "Argon2id", &hashed(Algorithm::Argon2id, Version::V0x13, 1)).await.expect(200);
        let body = json!({ "name": "王小明" });
        let ming = server.api(Method::POST, "/users", Some(body)).await.expect(200).json();
        let pool = server.database.connect().await;
        for statement in [
            "UPDATE users SET derived = 0, password_cost = NULL, search_text = '  ' || id || '  ' || COALESCE(name, '')",
            "DELETE FROM password_costs",
        ] {
            sqlx::query(statement).execute(&pool).await.unwrap();
        }
        let found = async || server.api(Method::GET, "/users?search=%25小明%25", None).await.expect(200).json();
        assert_eq!(found().await, json!([]));
        server.run_jobs().await;
        assert_eq!(found().await.pointer("/0/id"), ming.get("id"));
        assert_eq!(costs(&server.database).await, ["argon2id 32 1 1"]);
        server.run_jobs().await;
        assert_eq!(costs(&server.database).await, ["argon2id 32 1 1"]);
    }
}
