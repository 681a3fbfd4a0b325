//! What visitors do leaves events behind: who signs in, registers or sets a new password, and what they were refused.

use std::collections::BTreeMap;

use http::Method;
use keyway_core::events::EventKind;
use keyway_core::{Cx, password_link};
use keyway_testing::{Application, Browser, Options, TestServer, on_both};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";
const PHONE: &str = "8613800000001";

/// What the walk below does not come by: an outside provider.
const BY_PROVIDER: [EventKind; 3] = [EventKind::SocialStarted, EventKind::SocialSubmitted, EventKind::IdentityLinked];

/// The payloads of an event, newest first.
async fn payloads(server: &TestServer, kind: EventKind) -> Vec<Value> {
    let entries =
        server.api(Method::GET, &format!("/logs?logKey={}&page_size=100", kind.key()), None).await.expect(200);
    let entries = entries.json();
    entries.as_array().unwrap().iter().filter_map(|entry| entry.get("payload").cloned()).collect()
}

fn text(payload: &Value, path: &str) -> String {
    payload.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Proves the phone by a code, after a wrong one, and says whose account it is.
async fn identify_by_code(server: &TestServer, browser: &mut Browser, application: &Application, event: &str) {
    browser.start(application, event).await;
    let sent = browser.send_code(PHONE, event).await.expect(200).json();
    let (id, code) = (text(&sent, "/verificationId"), server.inbox.awaited(PHONE).await.code().to_owned());
    server.inbox.clear();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    browser.verify_code(PHONE, &id, wrong).await.expect(400);
    let verified = browser.verify_code(PHONE, &id, &code).await.expect(200).json();
    let identified = browser.step(Method::POST, "/identification", Some(verified)).await;
    assert!(identified.status.is_success(), "{}", identified.body);
    server.clock.turn(60);
}

async fn set_by_link(server: &TestServer, user: &str) {
    let cx = Cx::system(&server.core, "default".into());
    let (link, _) = password_link::create(&cx, &user.into()).await.unwrap();
    let token = url::Url::parse(&link).unwrap().query_pairs().next().unwrap().1.into_owned();
    let mut owner = server.browser("203.0.113.7");
    owner.post_form("/set-password", &[("token", &token), ("password", "another horse battery")]).await.expect(200);
}

on_both! {
    async fn security_logging_of_what_visitors_do(database: Database) {
        let server = TestServer::start_with(database, Options::default()).await;
        let application = server.application().await;
        let mut browser = server.browser("203.0.113.7");

        identify_by_code(&server, &mut browser, &application, "Register").await;
        let code = browser.submit().await;
        let tokens = browser.exchange(&application, &code).await.expect(200).json();
        browser.exchange(&application, &code).await.expect(400);
        browser.refresh(&application, &text(&tokens, "/refresh_token")).await;
        let registered = payloads(&server, EventKind::RegistrationIdentified).await.remove(0);
        let user = text(&registered, "/targets/userId");
        assert_eq!((text(&registered, "/actorType"), text(&registered, "/actor")), ("user".into(), user.clone()), "{registered}");
        assert_eq!(text(&registered, "/after/primaryPhone"), PHONE, "{registered}");
        let exchanged = payloads(&server, EventKind::CodeExchanged).await;
        let results: Vec<_> = exchanged.iter().map(|payload| text(payload, "/result")).collect();
        assert!(results.contains(&"Success".into()) && results.contains(&"Error".into()), "{exchanged:?}");

        browser = server.browser("203.0.113.7");
        identify_by_code(&server, &mut browser, &application, "ForgotPassword").await;
        browser.step(Method::PUT, "/profile/password", Some(json!({ "password": PASSWORD }))).await.expect(204);
        browser.step(Method::POST, "/submit", None).await.expect(204);
        let reset = payloads(&server, EventKind::PasswordResetSubmitted).await.remove(0);
        assert_eq!((text(&reset, "/actor"), text(&reset, "/after/password")), (user.clone(), "changed".into()), "{reset}");

        let typed = |password: &str| json!({ "identifier": { "type": "phone", "value": PHONE }, "password": password });
        browser.start(&application, "SignIn").await;
        browser.step(Method::POST, "/verification/password", Some(typed("wrong horse battery"))).await.expect(422);
        let tried = payloads(&server, EventKind::PasswordSubmitted).await.remove(0);
        assert_eq!((text(&tried, "/actorType"), text(&tried, "/actor")), ("nobody".into(), String::new()), "{tried}");
        assert_eq!((text(&tried, "/targets/userId"), text(&tried, "/error/code")), (user.clone(), "session.invalid_credentials".into()), "{tried}");
        let proof = browser.step(Method::POST, "/verification/password", Some(typed(PASSWORD))).await.expect(200).json();
        browser.step(Method::POST, "/identification", Some(proof)).await.expect(204);
        let code = browser.submit().await;
        let signed_in = payloads(&server, EventKind::SignInSubmitted).await.remove(0);
        assert_eq!((text(&signed_in, "/actor"), signed_in.get("after")), (user.clone(), None), "{signed_in}");
        let tokens = browser.exchange(&application, &code).await.expect(200).json();
        let credentials = [("client_id", &*application.id), ("client_secret", &*application.secret)];
        let token = text(&tokens, "/refresh_token");
        browser.post_form("/oidc/token/revocation", &[credentials[0], credentials[1], ("token", &*token)]).await.expect(200);
        browser.get(&format!("/oidc/session/end?id_token_hint={}", text(&tokens, "/id_token"))).await;
        let ended = payloads(&server, EventKind::SignedOut).await.remove(0);
        assert_eq!(text(&ended, "/actor"), user, "{ended}");

        browser = server.browser("203.0.113.7");
        identify_by_code(&server, &mut browser, &application, "SignIn").await;
        browser.send_code(PHONE, "SignIn").await.expect(200);
        browser.send_code(PHONE, "SignIn").await.expect(429);
        set_by_link(&server, &user).await;

        let visitors = EventKind::ALL.iter().filter(|kind| kind.is_of_visitors() && !BY_PROVIDER.contains(kind));
        let mut missing = BTreeMap::new();
        for kind in visitors {
            let found = payloads(&server, *kind).await;
            for payload in &found {
                let ip = text(payload, "/ip");
                assert!(ip == "203.0.113.7", "{kind:?}: {payload}");
                assert!(!payload.to_string().contains("horse"), "{kind:?}: {payload}");
            }
            if found.is_empty() {
                missing.insert(kind.key(), kind);
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }
}
