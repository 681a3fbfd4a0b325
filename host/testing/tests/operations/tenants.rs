//! Tenants, by the operators' API.

use keyway_testing::{TestServer, on_both};
use serde_json::json;

use super::Transcript;

on_both! {
    async fn tenants(database: Database) {
        let server = TestServer::start(database).await;
        let mut operators = server.operators_machine().await;
        let mut calls = Transcript::new(&server);
        for body in [
            json!({ "id": "acme", "name": "Acme", "address": "https://acme.example.com/" }),
            json!({ "address": "http://globex.localhost:3001" }),
            json!({ "id": "acme", "address": "https://other.example.com" }),
            json!({ "id": "admin", "address": "https://other.example.com" }),
            json!({ "id": "default", "address": "https://other.example.com" }),
            json!({ "id": "other", "address": "https://acme.example.com" }),
            json!({ "id": "other", "address": "http://localhost:3001" }),
            json!({ "id": "other", "address": "http://localhost:3002" }),
            json!({ "id": "Other", "address": "https://other.example.com" }),
            json!({ "id": "other", "address": "https://other.example.com/path" }),
            json!({ "id": "other", "address": "http://other.example.com" }),
            json!({ "id": "other", "address": "https://other.example.com", "name": "x".repeat(129) }),
            json!({ "id": "other" }),
        ] {
            server.clock.turn(1);
            calls.by(&mut operators, "POST /api/tenants", Some(body)).await;
        }
        calls.by(&mut operators, "GET /api/tenants", None).await;
        calls.by(&mut operators, "GET /api/tenants?page=2&page_size=2", None).await;
        calls.by(&mut operators, "GET /api/tenants?page=0", None).await;
        for id in ["acme", "default", "unknown"] {
            calls.by(&mut operators, &format!("GET /api/tenants/{id}"), None).await;
        }
        for body in [
            json!({ "name": "Acme Inc." }),
            json!({ "address": "https://acme.example.com" }),
            json!({ "address": "https://new.example.com" }),
            json!({ "address": "new" }),
            json!({ "name": "x".repeat(129) }),
            json!({ "name": 1 }),
            json!({}),
        ] {
            calls.by(&mut operators, "PATCH /api/tenants/acme", Some(body)).await;
        }
        calls.by(&mut operators, "PATCH /api/tenants/unknown", Some(json!({ "name": "x" }))).await;
        for id in ["acme", "acme", "default", "admin"] {
            calls.by(&mut operators, &format!("DELETE /api/tenants/{id}"), None).await;
        }
        // Its rows are still there.
        let again = json!({ "id": "acme", "address": "https://acme.example.com" });
        calls.by(&mut operators, "POST /api/tenants", Some(again)).await;
        calls.compare("tenants");
    }
}
