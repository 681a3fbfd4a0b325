//! Nothing that leaves the server is taken from what a request says of the server's own name or scheme.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use http::{Method, header};
use keyway_testing::{Answer, Browser, TestServer, on_both};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";
const PHONE: &str = "8613800131000";

/// Lies about the server in every header that proxies use.
fn lying(browser: Browser) -> Browser {
    let lies = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-server", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "8443"),
        ("x-forwarded-prefix", "/evil.example"),
        ("x-original-host", "evil.example"),
        ("x-original-url", "/evil.example"),
        ("forwarded", "for=192.0.2.1;host=evil.example;proto=https"),
        ("sec-fetch-site", "same-origin"),
    ];
    lies.into_iter().fold(browser, |browser, (name, value)| browser.with_header(name, value))
}

/// Stops the test if the answer repeats a lie: the name anywhere, or a cookie and headers of https.
#[track_caller]
fn honest(answer: Answer) -> Answer {
    let said = format!("{:?} {}", answer.headers, answer.body);
    for lie in ["evil.example", "https://localhost", "https%3A%2F%2Flocalhost", "8443"] {
        assert!(!said.contains(lie), "{lie}: {said}");
    }
    for cookie in answer.headers.get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        let is_secure = cookie.split(';').any(|part| part.trim().eq_ignore_ascii_case("secure"));
        assert!(!is_secure && !cookie.starts_with("__Host-"), "{cookie}");
        assert!(!cookie.to_ascii_lowercase().contains("domain="), "{cookie}");
    }
    assert!(!answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{said}");
    answer
}

on_both! {
    async fn host_header_trust(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", PHONE, PASSWORD).await;
        let mut browser = lying(server.browser("203.0.113.7"));

        for document in ["openid-configuration", "oauth-authorization-server"] {
            let path = format!("/oidc/.well-known/{document}");
            let told = honest(browser.get(&path).await.expect(200)).json();
            assert_eq!(told, server.browser("203.0.113.8").get(&path).await.expect(200).json());
            assert_eq!(told.get("issuer"), Some(&json!("http://localhost:3001/oidc")));
        }

        // The whole way by the pages.
        let address = honest(browser.authorize(&application).await.expect(303)).location();
        let page = honest(browser.get(&address).await.expect(200));
        let csrf = page.input("csrf").unwrap();
        let form = [("csrf", &*csrf), ("identifier", "ada"), ("password", PASSWORD)];
        let landed = honest(browser.post_form(&address, &form).await.expect(303));
        assert!(landed.location().starts_with(&application.redirect_uri), "{}", landed.location());
        assert_eq!(landed.location_parameter("iss").as_deref(), Some("http://localhost:3001/oidc"));
        let code = landed.location_parameter("code").unwrap();
        let tokens = honest(browser.exchange(&application, &code).await.expect(200)).json();
        let token = tokens.get("id_token").and_then(Value::as_str).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims.get("iss"), Some(&json!("http://localhost:3001/oidc")));
        honest(browser.get("/oidc/session/end").await);
        for path in ["/", "/sign-in", "/register", "/forgot-password", "/nowhere", "/welcome"] {
            honest(browser.get(path).await);
        }

        // Messages.
        for (event, phone) in [("SignIn", PHONE), ("Register", "8613700131000")] {
            let mut browser = lying(server.browser("203.0.113.9"));
            honest(browser.authorize(&application).await.expect(303));
            let begin = Some(json!({ "interactionEvent": event }));
            honest(browser.step(Method::PUT, "", begin).await.expect(204));
            honest(browser.send_code(phone, event).await.expect(200));
        }
        assert_eq!(server.inbox.count(), 2);
        assert!(!format!("{:?}", server.inbox.all()).contains("evil.example"));

        // The console, and the links that make and restore administrators.
        let mut operator = lying(server.operators_browser("203.0.113.7"));
        let mut way = "/console".to_owned();
        for _ in 0..4 {
            let answer = honest(operator.get(&way).await);
            if answer.location().is_empty() {
                break;
            }
            way = answer.location();
            if let Some(redirect_uri) = answer.location_parameter("redirect_uri") {
                assert_eq!(redirect_uri, "http://localhost:3002/console/callback");
            }
            way = way.trim_start_matches("http://localhost:3002").to_owned();
            assert!(way.starts_with('/'), "{way}");
        }
        assert!(way.contains("interaction="), "the console's sign-in was reached: {way}");
        let link = server.core.first_admin_link().await.unwrap().unwrap();
        assert!(link.starts_with("http://localhost:3002/"), "{link}");
        let secret = link.split_once("secret=").unwrap().1.to_owned();
        let form = [("secret", &*secret), ("username", "grace"), ("password", PASSWORD)];
        let welcomed = honest(operator.post_form("/welcome", &form).await.expect(303));
        assert_eq!(welcomed.location(), "/console");
    }
}
