//! Every table has somebody who deletes, and what strangers leave behind goes again.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use keyway_store::retention::TABLES;
use keyway_testing::{Database, TestServer, on_both};
use sqlx::Row as _;

/// The tables of the product: without the databases' own, the migrations' and a full-text index's parts.
async fn tables(database: &Database) -> Vec<String> {
    let statement = if database.is_postgres() {
        "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    };
    let pool = database.connect().await;
    let rows = sqlx::query(statement).fetch_all(&pool).await.unwrap();
    let names = rows.iter().map(|row| String::from_utf8(row.get::<String, _>("name").into_bytes()).unwrap());
    names.filter(|name| name != "_sqlx_migrations" && !name.starts_with("user_search")).collect()
}

async fn rows(database: &Database, table: &str) -> i64 {
    let pool = database.connect().await;
    let statement = sqlx::AssertSqlSafe(format!("SELECT CAST(COUNT(*) AS BIGINT) AS count FROM {table}"));
    sqlx::query(statement).fetch_one(&pool).await.unwrap().get("count")
}

on_both! {
    async fn every_table_has_somebody_who_deletes(database: Database) {
        let server = TestServer::start(database).await;
        let mut known: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        let found = tables(&server.database).await;
        let unknown: Vec<&String> = found.iter().filter(|name| !known.contains(&name.as_str())).collect();
        assert!(unknown.is_empty(), "who deletes the rows of {unknown:?}?");
    }

    async fn what_strangers_leave_is_bounded_and_goes_again(database: Database) {
        let mut server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", "8613800000009", "correct horse battery").await;
        let mut browser = server.browser("203.0.113.7");
        let code = browser.sign_in(&application, "ada", "correct horse battery").await;
        browser.exchange(&application, &code).await.expect(200);
        let (logs, interactions) = (rows(&server.database, "logs").await, rows(&server.database, "interactions").await);
        let body = serde_json::json!({
            "name": "Open", "type": "SPA", "oidcClientMetadata": { "redirectUris": ["https://app.example.com/callback"] },
        });
        let made = server.api(http::Method::POST, "/applications", Some(body)).await.expect(200).json();
        let public = made.get("id").unwrap().as_str().unwrap().to_owned();
        let before = rows(&server.database, "logs").await;
        let mut stranger = server.browser("203.0.113.8");
        for number in 0..200 {
            let guess = format!("guess-{number}");
            let form = [("grant_type", "authorization_code"), ("client_id", &*public), ("code", &*guess)];
            stranger.post_form("/oidc/token", &form).await.expect(400);
            stranger.authorize_with(&application, &[("state", &*"s".repeat(8000))]).await.expect(303);
        }
        assert_eq!(rows(&server.database, "logs").await, before, "a guess leaves no row in the audit log");
        assert!(logs > 0 && rows(&server.database, "interactions").await >= interactions + 200);
        for table in ["sessions", "grants", "tokens"] {
            assert!(rows(&server.database, table).await > 0, "{table}");
        }
        server.clock.turn(400 * 24 * 3600);
        server.core.sweep().await.unwrap();
        for table in ["interactions", "sessions", "grants", "tokens", "counters", "logs", "connector_cache"] {
            assert_eq!(rows(&server.database, table).await, 0, "{table}");
        }
        server.renew_token().await;
    }
}
