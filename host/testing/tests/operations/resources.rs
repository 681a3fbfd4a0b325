use keyway_testing::{TestServer, on_both};
use serde_json::json;

use super::{Transcript, text};

on_both! {
    async fn resources(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        let all = calls.call("GET /resources").await;
        let management = format!("/resources/{}", text(&all[0], "id"));
        let shop = json!({ "name": "Shop", "indicator": "https://shop.example/api", "accessTokenTtl": 600 });
        let shop = calls.send("POST /resources", shop).await;
        let shop = format!("/resources/{}", text(&shop, "id"));
        calls.send("POST /resources", json!({ "name": "Store", "indicator": "https://store.example" })).await;
        for body in [
            json!({ "name": "Again", "indicator": "https://shop.example/api" }),
            json!({ "name": "", "indicator": "https://a.example" }),
            json!({ "name": "A", "indicator": "/api" }),
            json!({ "name": "A", "indicator": "https://a.example/#b" }),
            json!({ "name": "A", "indicator": "https://a.example", "accessTokenTtl": 59 }),
            json!({ "name": "A" }),
        ] {
            calls.send("POST /resources", body).await;
        }
        calls.call(&format!("GET {shop}")).await;
        calls.call("GET /resources/unknown").await;
        for body in [
            json!({ "name": "The shop" }),
            json!({ "accessTokenTtl": 7200, "indicator": "https://other.example" }),
            json!({ "name": "" }),
            json!({ "accessTokenTtl": 31_536_001 }),
            json!({ "accessTokenTtl": "long" }),
        ] {
            calls.send(&format!("PATCH {shop}"), body).await;
        }
        calls.send("PATCH /resources/unknown", json!({ "name": "A" })).await;
        calls.send(&format!("PATCH {management}"), json!({ "name": "Mine" })).await;
        calls.send(&format!("PATCH {shop}/is-default"), json!({ "isDefault": true })).await;
        calls.send(&format!("PATCH {shop}/is-default"), json!({})).await;
        calls.send("PATCH /resources/unknown/is-default", json!({ "isDefault": true })).await;
        calls.call("GET /resources?page=1&page_size=2").await;
        calls.send(&format!("PATCH {shop}/is-default"), json!({ "isDefault": false })).await;

        let scopes = format!("{shop}/scopes");
        let read = calls.send(&format!("POST {scopes}"), json!({ "name": "read:orders", "description": "See orders" })).await;
        let read = format!("{scopes}/{}", text(&read, "id"));
        calls.send(&format!("POST {scopes}"), json!({ "name": "write:orders" })).await;
        for body in [json!({ "name": "read:orders" }), json!({ "name": "read orders" }), json!({ "name": "" }), json!({})] {
            calls.send(&format!("POST {scopes}"), body).await;
        }
        calls.send("POST /resources/unknown/scopes", json!({ "name": "read" })).await;
        for body in [
            json!({ "name": "see:orders", "description": null }),
            json!({ "name": "write:orders" }),
            json!({ "name": "see orders" }),
            json!({ "name": "" }),
            json!({}),
        ] {
            calls.send(&format!("PATCH {read}"), body).await;
        }
        calls.send(&format!("PATCH {scopes}/unknown"), json!({ "name": "a" })).await;
        calls.call(&format!("GET {scopes}?search=%25see%25&page=1&page_size=1")).await;
        calls.call("GET /resources?includeScopes=true").await;
        calls.call("GET /resources?page=0").await;
        calls.call(&format!("GET {scopes}?page=0")).await;
        calls.call(&format!("GET {scopes}")).await;
        calls.call("GET /resources/unknown/scopes").await;
        calls.call(&format!("DELETE {read}")).await;
        calls.call(&format!("DELETE {read}")).await;
        let own = calls.call(&format!("GET {management}/scopes")).await;
        calls.call(&format!("DELETE {management}/scopes/{}", text(&own[0], "id"))).await;
        calls.send(&format!("PATCH {management}/scopes/{}", text(&own[0], "id")), json!({ "name": "some" })).await;
        calls.send(&format!("POST {management}/scopes"), json!({ "name": "some" })).await;
        calls.call(&format!("DELETE {management}")).await;
        calls.call(&format!("DELETE {shop}")).await;
        calls.call(&format!("DELETE {shop}")).await;
        calls.call("GET /resources").await;
        calls.compare("resources");
    }
}
