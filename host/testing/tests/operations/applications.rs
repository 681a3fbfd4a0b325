use keyway_testing::{TestServer, on_both};
use serde_json::json;

use super::{Transcript, text};

on_both! {
    async fn applications(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        let made = calls.send("POST /applications", json!({
            "name": "Shop", "type": "Traditional", "description": "Sells things", "customData": { "tier": 1 },
            "oidcClientMetadata": {
                "redirectUris": ["https://shop.example/callback"], "postLogoutRedirectUris": ["https://shop.example/"],
                "backchannelLogoutUri": "https://shop.example/out", "backchannelLogoutSessionRequired": true,
                "logoUri": "https://shop.example/logo.png",
            },
            "customClientMetadata": {
                "corsAllowedOrigins": ["https://shop.example"], "idTokenTtl": 600, "refreshTokenTtlInDays": 30,
                "alwaysIssueRefreshToken": true, "rotateRefreshToken": false, "maxAllowedGrants": 3,
                "allowTokenExchange": false, "refreshTokenTtl": 3600, "isDeviceFlow": false,
            },
        })).await;
        let shop = format!("/applications/{}", text(&made, "id"));
        let phone = calls.send("POST /applications", json!({ "name": "Phone", "type": "Native" })).await;
        let phone = format!("/applications/{}", text(&phone, "id"));
        calls.send("POST /applications", json!({ "name": "Browser", "type": "SPA", "isThirdParty": true })).await;
        calls.send("POST /applications", json!({ "name": "Robot", "type": "MachineToMachine", "description": null })).await;
        for body in [
            json!({ "type": "Native" }),
            json!({ "name": "", "type": "Native" }),
            json!({ "name": "x".repeat(257), "type": "Native" }),
            json!({ "name": "a", "type": "Toaster" }),
            json!({ "name": 1, "type": "Native" }),
            json!({ "name": "a\u{0}", "type": "Native" }),
            json!({ "name": "a", "type": "SPA", "oidcClientMetadata": { "redirectUris": ["javascript:alert(1)"] } }),
            json!({ "name": "a", "type": "SPA", "oidcClientMetadata": { "postLogoutRedirectUris": ["https://a/#b"] } }),
            json!({ "name": "a", "type": "SPA", "oidcClientMetadata": { "redirectUrls": [] } }),
            json!({ "name": "a", "type": "SPA", "oidcClientMetadata": { "logoUri": "javascript:alert(1)" } }),
            json!({ "name": "a", "type": "SPA", "customClientMetadata": { "idTokenTtl": 1 } }),
            json!({ "name": "a", "type": "SPA", "customClientMetadata": { "refreshTokenTtlInDays": 181 } }),
            json!({ "name": "a", "type": "SPA", "customClientMetadata": { "corsAllowedOrigins": ["https://a/b"] } }),
            json!({ "name": "a", "type": "SPA", "customClientMetadata": { "maxAllowedGrants": "3" } }),
            json!({ "name": "a", "type": "SPA", "customClientMetadata": { "nonsense": 1 } }),
            json!({ "name": "a", "type": "SPA", "customData": [] }),
            json!([]),
        ] {
            calls.send("POST /applications", body).await;
        }
        calls.send_bytes("POST /applications", "application/json", "{", b"{".to_vec()).await;

        calls.call("GET /applications?page=2&page_size=1").await;
        calls.call("GET /applications?page_size=2").await;
        for refused in ["page=0", "page_size=101", "page=x", "page=1&page=2"] {
            calls.call(&format!("GET /applications?{refused}")).await;
        }
        calls.call(&format!("GET {shop}")).await;
        calls.call(&format!("GET {phone}")).await;
        calls.call("GET /applications/unknown").await;

        for body in [
            json!({ "name": "Store", "description": null }),
            json!({ "description": "Sells more", "customData": { "tier": 2 } }),
            json!({ "oidcClientMetadata": { "redirectUris": ["https://store.example/callback"] } }),
            json!({ "oidcClientMetadata": { "postLogoutRedirectUris": [], "backchannelLogoutSessionRequired": false } }),
            json!({ "customClientMetadata": { "idTokenTtl": 60 } }),
            json!({ "id": "other", "isThirdParty": true, "type": "Native" }),
            json!({}),
            json!({ "name": "" }),
            json!({ "name": null }),
            json!({ "oidcClientMetadata": { "redirectUris": "https://store.example/callback" } }),
            json!({ "oidcClientMetadata": { "redirectUris": ["/callback"] } }),
            json!({ "customClientMetadata": { "corsAllowedOrigins": ["*"] } }),
            json!({ "customData": 1 }),
        ] {
            calls.send(&format!("PATCH {shop}"), body).await;
        }
        calls.send("PATCH /applications/unknown", json!({ "name": "Store" })).await;

        calls.send(&format!("PATCH {shop}/custom-data"), json!({ "theme": { "dark": true } })).await;
        calls.send(&format!("PATCH {shop}/custom-data"), json!({ "theme": null })).await;
        calls.send(&format!("PATCH {shop}/custom-data"), json!("a string")).await;
        calls.send("PATCH /applications/unknown/custom-data", json!({})).await;
        calls.call(&format!("DELETE {phone}")).await;
        calls.call(&format!("DELETE {phone}")).await;
        calls.call(&format!("GET {phone}")).await;
        calls.compare("applications");
    }

    async fn secrets_of_applications(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        let shop = server.application().await;
        let secrets = format!("/applications/{}/secrets", shop.id);
        calls.call(&format!("GET {secrets}")).await;
        calls.send(&format!("POST {secrets}"), json!({ "name": "Next" })).await;
        calls.send(&format!("POST {secrets}"), json!({ "name": "Until then", "expiresAt": 1_767_312_000_000_i64 })).await;
        for body in [
            json!({ "name": "Next" }),
            json!({ "name": "" }),
            json!({ "name": "x".repeat(257) }),
            json!({}),
            json!({ "name": "Past", "expiresAt": 1_767_225_600_000_i64 }),
            json!({ "name": "Words", "expiresAt": "tomorrow" }),
        ] {
            calls.send(&format!("POST {secrets}"), body).await;
        }
        calls.send("POST /applications/unknown/secrets", json!({ "name": "Next" })).await;
        let public = calls.send("POST /applications", json!({ "name": "Phone", "type": "Native" })).await;
        let public = format!("/applications/{}/secrets", text(&public, "id"));
        calls.send(&format!("POST {public}"), json!({ "name": "Next" })).await;
        calls.call(&format!("GET {public}")).await;
        calls.call(&format!("GET {secrets}")).await;
        calls.call("GET /applications/unknown/secrets").await;
        calls.call(&format!("DELETE {secrets}/Default%20secret")).await;
        calls.call(&format!("DELETE {secrets}/Default%20secret")).await;
        calls.call("DELETE /applications/unknown/secrets/Next").await;
        calls.call(&format!("GET /applications/{}", shop.id)).await;
        calls.compare("secrets_of_applications");
    }

    async fn sign_in_experience_of_applications(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        let path = format!("/applications/{}/sign-in-experience", server.application().await.id);
        calls.call(&format!("GET {path}")).await;
        calls.send(&format!("PUT {path}"), json!({
            "branding": { "logoUrl": "https://shop.example/logo.png", "darkLogoUrl": "https://shop.example/dark.png" },
            "color": { "primaryColor": "#123456", "isDarkModeEnabled": true, "darkPrimaryColor": "#654321" },
            "customCss": "body{}", "termsOfUseUrl": "https://shop.example/terms",
            "privacyPolicyUrl": "https://shop.example/privacy", "displayName": "The shop",
        })).await;
        calls.call(&format!("GET {path}")).await;
        calls.send(&format!("PUT {path}"), json!({ "displayName": "Shop" })).await;
        for body in [
            json!({ "branding": { "logo": "https://shop.example/logo.png" } }),
            json!({ "branding": { "logoUrl": "javascript:alert(1)" } }),
            json!({ "color": { "primaryColor": "red" } }),
            json!({ "color": { "isDarkModeEnabled": "yes" } }),
            json!({ "termsOfUseUrl": "ftp://shop.example" }),
            json!({ "privacyPolicyUrl": 1 }),
            json!({ "displayName": "" }),
            json!({ "customCss": "x".repeat(65_537) }),
            json!({ "nonsense": 1 }),
            json!([]),
        ] {
            calls.send(&format!("PUT {path}"), body).await;
        }
        calls.call(&format!("GET {path}")).await;
        calls.call("GET /applications/unknown/sign-in-experience").await;
        calls.send("PUT /applications/unknown/sign-in-experience", json!({})).await;
        calls.compare("sign_in_experience_of_applications");
    }
}
