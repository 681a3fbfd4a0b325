//! What the server does for a sign-in or a new password does not depend on whether the account is there: neither its answer, nor
//! the statements that the answer waits for. The work of hashing is counted where it is done, in `keyway_core::password`.

use http::Method;
use keyway_testing::{Answer, Browser, TestServer, on_both};
use serde_json::{Value, json};

const KNOWN: &str = "8613800000009";
const UNKNOWN: &str = "8613800000018";

/// What a step answers, without the ids that differ in each, and the statements and write transactions until then.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: Vec<String>,
    body: Value,
    statements: u64,
    transactions: u64,
}

async fn see(server: &TestServer, browser: &mut Browser, path: &str, body: Value) -> (Seen, Answer) {
    let store = server.core.store();
    let (statements, transactions) = (store.statements(), store.transactions());
    let answer = browser.step(Method::POST, path, Some(body)).await;
    let mut body = answer.json();
    if let Some(id) = body.get_mut("verificationId") {
        *id = json!("id");
    }
    let seen = Seen {
        status: answer.status.as_u16(),
        headers: answer.headers.keys().map(ToString::to_string).collect(),
        body,
        statements: store.statements() - statements,
        transactions: store.transactions() - transactions,
    };
    (seen, answer)
}

#[track_caller]
fn assert_alike(seen: &[Seen]) {
    assert!(seen.iter().all(|one| Some(one) == seen.first()), "{seen:#?}");
}

on_both! {
    async fn user_enumeration_by_a_wrong_password(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("known", KNOWN, "correct horse battery").await;
        let digest = format!("$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg${}", "A".repeat(43));
        let imported = json!({ "username": "imported", "passwordAlgorithm": "Argon2id", "passwordDigest": digest });
        server.api(Method::POST, "/users", Some(imported)).await.expect(200);
        server.api(Method::POST, "/users", Some(json!({ "username": "without" }))).await.expect(200);
        let mut seen = Vec::new();
        for (name, address) in ["known", "imported", "without", "unknown"].into_iter().zip(1..) {
            let mut browser = server.browser(&format!("203.0.113.{address}"));
            browser.start(&application, "SignIn").await;
            let body = json!({ "identifier": { "type": "username", "value": name }, "password": "a wrong password" });
            seen.push(see(&server, &mut browser, "/verification/password", body).await.0);
        }
        assert_alike(&seen);
    }

    async fn user_enumeration_by_a_reset(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("known", KNOWN, "correct horse battery").await;
        let (mut sent, mut verified) = (Vec::new(), Vec::new());
        for (phone, address) in [KNOWN, UNKNOWN].into_iter().zip(1..) {
            let mut browser = server.browser(&format!("203.0.113.{address}"));
            browser.start(&application, "ForgotPassword").await;
            let identifier = json!({ "type": "phone", "value": phone });
            let wish = json!({ "identifier": identifier, "interactionEvent": "ForgotPassword" });
            let (seen, answer) = see(&server, &mut browser, "/verification/verification-code", wish).await;
            sent.push(seen);
            let id = answer.expect(200).json().get("verificationId").unwrap().clone();
            let guess = json!({ "identifier": identifier, "verificationId": id, "code": "000000" });
            verified.push(see(&server, &mut browser, "/verification/verification-code/verify", guess).await.0);
        }
        assert_alike(&sent);
        assert_alike(&verified);
    }
}
