use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

use super::Transcript;

/// A way to sign in, as the settings hold it.
fn method(identifier: &str, password: bool, code: bool) -> Value {
    json!({ "identifier": identifier, "password": password, "verificationCode": code, "isPasswordPrimary": password })
}

on_both! {
    async fn sign_in_experience(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        let all = calls.call("GET /sign-in-exp").await;
        calls.send("PATCH /sign-in-exp", all).await;
        for body in [
            json!({}),
            json!({ "signInMode": "SignIn" }),
            json!({ "signUp": { "identifiers": ["phone"], "password": true, "verify": true,
                "secondaryIdentifiers": [{ "identifier": "username" }] } }),
            json!({ "signIn": { "methods": [method("username", true, false), method("phone", true, true)] } }),
            json!({ "forgotPasswordMethods": ["PhoneVerificationCode"] }),
            json!({ "forgotPasswordMethods": null }),
            json!({ "verificationCodePolicy": { "expirationDuration": 60, "maxRetryAttempts": 1 } }),
            json!({ "smsCountries": ["CN", "GB"] }),
            json!({ "smsCountries": null }),
            json!({ "color": { "primaryColor": "#123456", "isDarkModeEnabled": false, "darkPrimaryColor": "#654321" } }),
            json!({ "branding": { "logoUrl": "https://example.com/logo.png", "favicon": "" } }),
            json!({ "languageInfo": { "autoDetect": false, "fallbackLanguage": "zh-CN" } }),
            json!({ "termsOfUseUrl": "https://example.com/terms", "privacyPolicyUrl": "", "agreeToTermsPolicy": "Automatic" }),
            json!({ "supportEmail": "help@example.com", "supportWebsiteUrl": "https://example.com/help" }),
            json!({ "unknownSessionRedirectUrl": "https://example.com", "customCss": "body{}", "customContent": {} }),
            json!({ "hideLogtoBranding": true, "socialSignIn": { "automaticAccountLinking": true },
                "socialSignInConnectorTargets": ["github"] }),
            json!({ "customUiAssets": null, "trustedDevice": { "enabled": false }, "signUpProfileFields": [] }),
            json!({ "signInMode": "SignInAndRegister", "signUp": { "identifiers": ["username"], "password": true, "verify": false },
                "signIn": { "methods": [method("username", true, false)] } }),
        ] {
            calls.send("PATCH /sign-in-exp", body).await;
        }
        calls.compare("sign_in_experience");
    }

    async fn refused_sign_in_experience(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        for body in [
            json!({ "nonsense": 1 }),
            json!({ "signInMode": "Nobody" }),
            json!({ "signUp": { "identifiers": ["telegram"], "password": true, "verify": true } }),
            json!({ "signUp": { "identifiers": ["username", "username"], "password": true, "verify": false } }),
            json!({ "signUp": { "identifiers": [], "password": true, "verify": true,
                "secondaryIdentifiers": [{ "identifier": "username" }] } }),
            json!({ "signUp": { "identifiers": ["username"], "password": true, "verify": true,
                "secondaryIdentifiers": [{ "identifier": "pigeon" }] } }),
            json!({ "signUp": { "identifiers": ["phone"], "password": false, "verify": false } }),
            json!({ "signUp": { "identifiers": ["username"], "password": false, "verify": false } }),
            json!({ "signUp": { "identifiers": ["email"], "password": true, "verify": true } }),
            json!({ "signIn": { "methods": [method("phone", false, false)] } }),
            json!({ "signIn": { "methods": [method("phone", true, true), method("phone", true, true)] } }),
            json!({ "signIn": { "methods": [method("username", true, true)] } }),
            json!({ "signIn": { "methods": [method("phone", true, false)] } }),
            json!({ "signIn": { "methods": [method("email", true, true)] } }),
            json!({ "forgotPasswordMethods": ["Pigeon"] }),
            json!({ "forgotPasswordMethods": ["EmailVerificationCode"] }),
            json!({ "verificationCodePolicy": { "expirationDuration": 59 } }),
            json!({ "verificationCodePolicy": { "maxRetryAttempts": 101 } }),
            json!({ "smsCountries": "CN" }),
            json!({ "color": "red" }),
            json!({ "branding": { "logoUrl": "javascript:alert(1)" } }),
            json!({ "languageInfo": [] }),
            json!({ "termsOfUseUrl": "javascript:alert(1)" }),
            json!({ "supportEmail": 1 }),
            json!({ "customUiAssets": { "id": "x" } }),
            json!({ "trustedDevice": { "enabled": true } }),
            json!([]),
        ] {
            calls.send("PATCH /sign-in-exp", body).await;
        }
        calls.call("GET /sign-in-exp").await;
        calls.compare("refused_sign_in_experience");
    }

    async fn passwords_that_would_be_accepted(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        for password in ["correct horse battery", "short", "password", "12345678", "aaaaaaaaaa", "keyway123"] {
            calls.send("POST /sign-in-exp/default/check-password", json!({ "password": password })).await;
        }
        calls.send("POST /sign-in-exp/default/check-password", json!({ "password": 12_345_678 })).await;
        calls.send("POST /sign-in-exp/default/check-password", json!({})).await;
        calls.compare("passwords_that_would_be_accepted");
    }
}
