//! What an administrator decided about an account stays, whatever its owner or a thief does at the same moment.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use http::Method;
use keyway_testing::{Answer, Application, Browser, Database, TestServer, on_both, waiting};
use serde_json::{Value, json};
use sqlx::Row as _;

const OLD: &str = "correct horse battery";
const NEW: &str = "another horse battery";
const TARGET: &str = "provider";

/// What the administrator does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Decision {
    Suspend,
    Password,
    Delete,
    Unlink,
    SignOut,
}

/// What the browser does meanwhile.
#[derive(Debug, Clone, Copy)]
enum Visit {
    Submit,
    Code,
    Refresh,
    Social,
}

struct Race {
    server: TestServer,
    application: Application,
    pool: sqlx::AnyPool,
}

impl Race {
    async fn new(database: Database) -> Self {
        let server = TestServer::start(database).await;
        let pool = server.database.connect().await;
        let application = server.application().await;
        Self { server, application, pool }
    }

    async fn run(&self, statement: &'static str, values: &[&str]) {
        let query = values.iter().fold(sqlx::query(statement), |query, value| query.bind((*value).to_owned()));
        query.execute(&self.pool).await.unwrap();
    }

    /// A user with a password and an identity of the provider.
    async fn user(&self, name: &str) -> String {
        let phone = format!("86138{:08}", name.trim_start_matches('u').parse::<u32>().unwrap());
        let user = self.server.user(name, &phone, OLD).await;
        let id = user.get("id").and_then(Value::as_str).unwrap().to_owned();
        let insert = "INSERT INTO user_identities (tenant_id, target, issuer, identity_id, user_id, details, created_at) \
             VALUES ('default', 'provider', '', $1, $2, '{}', 0)";
        self.run(insert, &[name, &id]).await;
        id
    }

    /// A browser for whom the provider has vouched.
    async fn vouched(&self, name: &str, phone: Option<&str>) -> (Browser, Value) {
        self.run("DELETE FROM interactions", &[]).await;
        let mut browser = self.server.browser("203.0.113.7");
        browser.start(&self.application, "SignIn").await;
        let row = sqlx::query("SELECT data FROM interactions").fetch_one(&self.pool).await.unwrap();
        let mut data: Value = serde_json::from_str(&row.try_get::<String, _>("data").unwrap()).unwrap();
        let proof = json!({
            "id": "proof", "connector_id": "c", "target": TARGET, "state": "s", "redirect_uri": "https://a.example/",
            "session": null, "sync_profile": true, "user_info": { "id": name, "name": "By the provider", "phone": phone },
        });
        data.as_object_mut().unwrap().insert("social".into(), proof);
        self.run("UPDATE interactions SET data = $1", &[&data.to_string()]).await;
        (browser, json!({ "verificationId": "proof" }))
    }

    async fn identified(&self, name: &str) -> Browser {
        let (mut browser, proof) = self.vouched(name, None).await;
        browser.step(Method::POST, "/identification", Some(proof)).await.expect(204);
        browser
    }

    async fn decide(&self, decision: Decision, id: &str) -> Answer {
        let to = |method, end: &str, body| {
            let path = format!("/users/{id}{end}");
            async move { self.server.api(method, &path, body).await }
        };
        match decision {
            Decision::Suspend => to(Method::PATCH, "/is-suspended", Some(json!({ "isSuspended": true }))).await,
            Decision::Password => to(Method::PATCH, "/password", Some(json!({ "password": NEW }))).await,
            Decision::Delete => to(Method::DELETE, "", None).await,
            Decision::Unlink => to(Method::DELETE, "/identities/provider", None).await,
            Decision::SignOut => {
                self.server.core.sign_user_out(&"default".into(), &id.into()).await.unwrap();
                to(Method::GET, "", None).await
            }
        }
    }

    async fn holds(&self, decision: Decision, id: &str, context: &str) {
        let user = self.server.api(Method::GET, &format!("/users/{id}"), None).await;
        let verify = async |password: &str| {
            let body = json!({ "password": password });
            self.server.api(Method::POST, &format!("/users/{id}/password/verify"), Some(body)).await.status.as_u16()
        };
        match decision {
            Decision::Suspend => assert_eq!(user.json().get("isSuspended"), Some(&json!(true)), "{context}"),
            Decision::Password => assert_eq!((verify(OLD).await, verify(NEW).await), (422, 204), "{context}"),
            Decision::Delete => assert_eq!(user.status, 404, "{context}"),
            Decision::Unlink => assert_eq!(user.json().get("identities"), Some(&json!({})), "{context}"),
            Decision::SignOut => {}
        }
    }

    async fn round(&self, number: u32, decision: Decision, visit: Visit) {
        let context = format!("{decision:?} × {visit:?}");
        let name = format!("u{number}");
        let id = self.user(&name).await;
        let application = &self.application;
        let mut refresh_token = None;
        let mut browser = match visit {
            Visit::Submit => {
                let mut browser = self.identified(&name).await;
                let (_, answer) = tokio::join!(self.decide(decision, &id), browser.step(Method::POST, "/submit", None));
                assert!(!answer.status.is_server_error(), "{context}: {}", answer.body);
                browser
            }
            Visit::Social => {
                let (mut browser, proof) = self.vouched(&name, None).await;
                let visit = async {
                    let answer = browser.step(Method::POST, "/identification", Some(proof)).await;
                    assert!(!answer.status.is_server_error(), "{context}: {}", answer.body);
                    browser.step(Method::POST, "/submit", None).await
                };
                let (_, answer) = tokio::join!(self.decide(decision, &id), visit);
                assert!(!answer.status.is_server_error(), "{context}: {}", answer.body);
                browser
            }
            Visit::Code | Visit::Refresh => {
                let mut browser = self.identified(&name).await;
                let code = browser.submit().await;
                let mut program = self.server.browser("203.0.113.8");
                let token_of =
                    |answer: &Answer| answer.json().get("refresh_token").and_then(Value::as_str).map(ToOwned::to_owned);
                let answer = if matches!(visit, Visit::Refresh) {
                    let token = token_of(&program.exchange(application, &code).await.expect(200)).unwrap();
                    refresh_token = Some(token.clone());
                    tokio::join!(self.decide(decision, &id), program.refresh(application, &token)).1
                } else {
                    tokio::join!(self.decide(decision, &id), program.exchange(application, &code)).1
                };
                assert!(!answer.status.is_server_error(), "{context}: {}", answer.body);
                refresh_token = token_of(&answer).or(refresh_token);
                browser
            }
        };
        self.holds(decision, &id, &context).await;
        if decision == Decision::Unlink {
            return;
        }
        let silent = browser.authorize_with(application, &[("prompt", "none")]).await;
        assert_eq!(silent.location_parameter("error").as_deref(), Some("login_required"), "{context}: a session lives");
        if let Some(token) = refresh_token {
            let answer = browser.refresh(application, &token).await;
            assert_eq!(answer.status, 400, "{context}: a token lives: {}", answer.body);
        }
    }
}

on_both! {
    async fn lost_update(database: Database) {
        let race = Race::new(database).await;
        let mut number = 0;
        for decision in [Decision::Suspend, Decision::Password, Decision::Delete, Decision::Unlink, Decision::SignOut] {
            for visit in [Visit::Submit, Visit::Code, Visit::Refresh, Visit::Social] {
                for _ in 0..4 {
                    number += 1;
                    race.round(number, decision, visit).await;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_waited_for_a_suspension_does_not_undo_it() {
    let race = Race::new(Database::postgres().await).await;
    for (number, visit) in [Visit::Submit, Visit::Social].into_iter().enumerate() {
        let name = format!("u{}", number + 1);
        let id = race.user(&name).await;
        let (mut browser, proof) = race.vouched(&name, None).await;
        if matches!(visit, Visit::Submit) {
            browser.step(Method::POST, "/identification", Some(proof.clone())).await.expect(204);
        }
        let mut held = race.pool.begin().await.unwrap();
        let suspend = "UPDATE users SET is_suspended = 1, credential_epoch = credential_epoch + 1 WHERE id = $1";
        sqlx::query(suspend).bind(id.clone()).execute(&mut *held).await.unwrap();
        let step = tokio::spawn(async move {
            match visit {
                Visit::Submit => browser.step(Method::POST, "/submit", None).await,
                _ => browser.step(Method::POST, "/identification", Some(proof)).await,
            }
        });
        waiting(&race.pool, 1).await;
        held.commit().await.unwrap();
        assert_eq!(step.await.unwrap().expect(401).code(), "user.suspended");
        race.holds(Decision::Suspend, &id, "a held row").await;
        let row = sqlx::query("SELECT name FROM users WHERE id = $1").bind(id).fetch_one(&race.pool).await.unwrap();
        assert_eq!(
            row.try_get::<Option<String>, _>("name").unwrap().as_deref(),
            if number == 0 { Some("By the provider") } else { None }
        );
    }
}

on_both! {
    async fn a_refusal_leaves_nothing_at_an_account(database: Database) {
        let race = Race::new(database).await;
        let id = race.user("u1").await;
        race.decide(Decision::Suspend, &id).await.expect(200);
        // An identity with the number of an account that may not sign in: linking asks for a proof of that account.
        let linking =
            json!({ "socialSignIn": { "automaticAccountLinking": true, "skipRequiredIdentifiers": true } });
        race.server.api(Method::PATCH, "/sign-in-exp", Some(linking)).await.expect(200);
        let (mut browser, proof) = race.vouched("stranger", Some("8613800000001")).await;
        browser.step(Method::POST, "/identification", Some(proof)).await.expect(404);
        let shown = race.server.api(Method::GET, &format!("/users/{id}"), None).await.json();
        let targets: Vec<&String> = shown.get("identities").and_then(Value::as_object).unwrap().keys().collect();
        assert_eq!(targets, ["provider"]);
        assert_eq!(shown.get("name"), Some(&Value::Null), "the provider's name was written although refused");
        // A registration whose identity another account got: no account without it remains.
        race.decide(Decision::Delete, &id).await.expect(204);
        let other = race.user("u2").await;
        let (mut browser, proof) = race.vouched("u2", Some("8613800000077")).await;
        browser.step(Method::PUT, "/interaction-event", Some(json!({ "interactionEvent": "Register" }))).await.expect(204);
        let refused = browser.step(Method::POST, "/identification", Some(proof)).await;
        assert_eq!(refused.expect(422).code(), "user.identity_already_in_use");
        let users = race.server.api(Method::GET, "/users", None).await.json();
        let ids: Vec<&str> =
            users.as_array().unwrap().iter().filter_map(|user| user.get("id").and_then(Value::as_str)).collect();
        assert_eq!(ids, [other.as_str()]);
        assert!(users.to_string().contains("\"userId\":\"u2\""), "the list shows identities");
        let logs = race.server.api(Method::GET, "/logs", None).await;
        assert!(logs.body.contains("identity_already_in_use"), "a refusal is audited");
    }
}
