//! What ends an account's sign-ins ends also those that have proven something and wait.

use http::Method;
use keyway_core::password_link;
use keyway_core::{Cx, users};
use keyway_testing::{Application, Browser, TestServer, on_both};
use serde_json::{Value, json};

const OLD: &str = "correct horse battery";
const NEW: &str = "another horse battery";

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap().to_owned()
}

/// A thief who has proven the stolen password, and, unless `waits` says before it, has identified the account.
async fn thief(server: &TestServer, application: &Application, identified: bool) -> (Browser, Value) {
    let mut thief = server.browser("198.51.100.66");
    thief.start(application, "SignIn").await;
    let body = json!({ "identifier": { "type": "username", "value": "ada" }, "password": OLD });
    let proof = thief.step(Method::POST, "/verification/password", Some(body)).await.expect(200).json();
    if identified {
        thief.step(Method::POST, "/identification", Some(proof.clone())).await.expect(204);
    }
    (thief, proof)
}

async fn is_locked_out(mut thief: Browser, proof: Value) {
    thief.step(Method::POST, "/submit", None).await.status.is_success().then(|| unreachable!("signed in"));
    let again = thief.step(Method::POST, "/identification", Some(proof)).await;
    assert!(!again.status.is_success(), "what was proven before counts again");
    assert!(!thief.step(Method::POST, "/submit", None).await.status.is_success());
}

on_both! {
    async fn session_outlives_revocation(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let phone = "8613800000009";
        let id = text(&server.user("ada", phone, OLD).await, "id");
        let path = |end: &str| format!("/users/{id}{end}");

        // The owner resets the password by a code.
        let (waiting, proof) = thief(&server, &application, true).await;
        let (unidentified, early) = thief(&server, &application, false).await;
        let mut signed_in = server.browser("198.51.100.67");
        let code = signed_in.sign_in(&application, "ada", OLD).await;
        let tokens = signed_in.exchange(&application, &code).await.expect(200).json();
        let mut owner = server.browser("203.0.113.7");
        owner.start(&application, "ForgotPassword").await;
        let sent = owner.send_code(phone, "ForgotPassword").await.expect(200).json();
        // The message is sent behind the answer, so that its time tells nothing.
        let code = server.inbox.awaited(phone).await.code().to_owned();
        let verified = owner.verify_code(phone, &text(&sent, "verificationId"), &code).await.expect(200).json();
        owner.step(Method::POST, "/identification", Some(verified)).await.expect(204);
        owner.step(Method::PUT, "/profile/password", Some(json!({ "password": NEW }))).await.expect(204);
        owner.step(Method::POST, "/submit", None).await.expect(204);
        is_locked_out(waiting, proof).await;
        is_locked_out(unidentified, early).await;
        let silent = signed_in.authorize_with(&application, &[("prompt", "none")]).await;
        assert_eq!(silent.location_parameter("error").as_deref(), Some("login_required"));
        signed_in.refresh(&application, &text(&tokens, "refresh_token")).await.expect(400);
        let mut me = server.browser("203.0.113.9")
            .with_header("authorization", &format!("Bearer {}", text(&tokens, "access_token")));
        assert_eq!(me.get("/oidc/me").await.status, 401);
        assert!(!server.browser("203.0.113.7").sign_in(&application, "ada", NEW).await.is_empty());

        // An administrator's new password, a suspension that is lifted, a sign-out everywhere, a link.
        for step in 0..4 {
            let password = |password: &str| Some(json!({ "password": password }));
            server.api(Method::PATCH, &path("/password"), password(OLD)).await.expect(200);
            let (waiting, proof) = thief(&server, &application, true).await;
            let suspend = |is_suspended: bool| Some(json!({ "isSuspended": is_suspended }));
            match step {
                0 => {
                    server.api(Method::PATCH, &path("/password"), password(NEW)).await.expect(200);
                }
                1 => {
                    server.api(Method::PATCH, &path("/is-suspended"), suspend(true)).await.expect(200);
                    server.api(Method::PATCH, &path("/is-suspended"), suspend(false)).await.expect(200);
                }
                2 => users::sign_out(&Cx::system(&server.core, "default".into()), &id.as_str().into()).await.unwrap(),
                _ => {
                    let (link, _) = password_link::create(&Cx::system(&server.core, "default".into()), &id.as_str().into()).await.unwrap();
                    let token = link.split_once("token=").unwrap().1.to_owned();
                    let token = url::form_urlencoded::parse(format!("t={token}").as_bytes()).next().unwrap().1.into_owned();
                    let mut owner = server.browser("203.0.113.7");
                    let set = owner.post_form("/set-password", &[("token", &token), ("password", NEW)]).await;
                    assert!(!set.status.is_client_error() && !set.status.is_server_error(), "{}", set.body);
                }
            }
            is_locked_out(waiting, proof).await;
        }
    }
}
