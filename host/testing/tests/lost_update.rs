//! What was decided about an account stays, whatever its owner or a thief does at the same moment.

use http::Method;
use keyway_core::{Cx, users};
use keyway_testing::{Answer, Application, Browser, Database, TestServer, on_both, waiting};
use serde_json::{Value, json};
use sqlx::Row as _;

const OLD: &str = "correct horse battery";
const NEW: &str = "another horse battery";
const TARGET: &str = "provider";
/// A provider whose identity is linked during a visit.
const OTHER: &str = "other";

/// What is decided: by the administrator, or, a link, by the account's owner in a browser of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Decision {
    Suspend,
    Password,
    Delete,
    Unlink,
    SignOut,
    Link,
}

const DECISIONS: [Decision; 6] =
    [Decision::Suspend, Decision::Password, Decision::Delete, Decision::Unlink, Decision::SignOut, Decision::Link];

/// What the browser does meanwhile.
#[derive(Debug, Clone, Copy)]
enum Visit {
    Submit,
    Code,
    Refresh,
    Social,
}

/// The number of the user of this name.
fn phone(name: &str) -> String {
    format!("86138{:08}", name.trim_start_matches('u').parse::<u32>().unwrap())
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
        let user = self.server.user(name, &phone(name), OLD).await;
        let id = user.get("id").and_then(Value::as_str).unwrap().to_owned();
        let insert = "INSERT INTO user_identities (tenant_id, target, issuer, identity_id, user_id, details, created_at) \
             VALUES ('default', 'provider', '', $1, $2, '{}', 0)";
        self.run(insert, &[name, &id]).await;
        id
    }

    /// A browser for whom a provider has vouched: for `id`, and for a number where there is one.
    async fn vouched_by(&self, target: &str, id: &str, phone: Option<&str>) -> (Browser, Value) {
        let mut browser = self.server.browser("203.0.113.7");
        browser.start(&self.application, "SignIn").await;
        let rows = sqlx::query("SELECT secret_hash, data FROM interactions").fetch_all(&self.pool).await.unwrap();
        for row in rows {
            let mut data: Value = serde_json::from_str(&row.try_get::<String, _>("data").unwrap()).unwrap();
            if data.get("social").is_some_and(|social| !social.is_null()) {
                continue;
            }
            let proof = json!({
                "id": "proof", "connector_id": "c", "target": target, "state": "s", "redirect_uri": "https://a.example/",
                "session": null, "sync_profile": true,
                "user_info": { "id": id, "name": format!("By the {target}"), "phone": phone, "phoneVerified": target == OTHER },
            });
            data.as_object_mut().unwrap().insert("social".into(), proof);
            let hash = row.try_get::<String, _>("secret_hash").unwrap();
            self.run("UPDATE interactions SET data = $1 WHERE secret_hash = $2", &[&data.to_string(), &hash]).await;
        }
        (browser, json!({ "verificationId": "proof" }))
    }

    async fn vouched(&self, name: &str, phone: Option<&str>) -> (Browser, Value) {
        self.vouched_by(TARGET, name, phone).await
    }

    /// A browser of the owner's that has proven the account and holds another provider's answer, one step before they are
    /// linked; and that step.
    async fn about_to_link(&self, name: &str, identity: &str) -> (Browser, Value) {
        let (mut browser, proof) = self.vouched_by(OTHER, identity, Some(&phone(name))).await;
        let refused = browser.step(Method::POST, "/identification", Some(proof)).await.expect(404);
        assert!(refused.json().pointer("/data/relatedUser").is_some(), "{}", refused.body);
        let body = json!({ "identifier": { "type": "username", "value": name }, "password": OLD });
        let mut proven = browser.step(Method::POST, "/verification/password", Some(body)).await.expect(200).json();
        proven.as_object_mut().unwrap().insert("linkSocialIdentity".into(), true.into());
        (browser, proven)
    }

    /// The account's identities: by target, the provider's id.
    async fn identities(&self, id: &str) -> Vec<(String, String)> {
        let user = self.server.api(Method::GET, &format!("/users/{id}"), None).await.expect(200).json();
        let all = user.get("identities").and_then(Value::as_object).unwrap();
        all.iter().map(|(target, one)| (target.clone(), one["userId"].as_str().unwrap().to_owned())).collect()
    }

    async fn decide(&self, decision: Decision, id: &str, own: Option<(Browser, Value)>) -> Answer {
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
                Box::pin(users::sign_out(&Cx::system(&self.server.core, "default".into()), &id.into())).await.unwrap();
                to(Method::GET, "", None).await
            }
            Decision::Link => {
                let (mut browser, step) = own.unwrap();
                browser.step(Method::POST, "/identification", Some(step)).await.expect(204)
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
            Decision::Link => {
                let all = self.identities(id).await;
                let targets: Vec<&str> = all.iter().map(|(target, _)| target.as_str()).collect();
                assert_eq!(targets, [OTHER, TARGET], "{context}");
            }
        }
    }

    async fn round(&self, number: u32, decision: Decision, visit: Visit) {
        let context = format!("{decision:?} × {visit:?}");
        let name = format!("u{number}");
        let id = self.user(&name).await;
        let application = &self.application;
        let mut refresh_token = None;
        // A link forbids nothing: the visit goes on as if it were alone.
        let fits = |answer: &Answer| {
            let refused =
                if decision == Decision::Link { !answer.status.is_success() } else { answer.status.is_server_error() };
            assert!(!refused, "{context}: {}", answer.body);
        };
        let (mut browser, proof) = self.vouched(&name, None).await;
        let mut program = self.server.browser("203.0.113.8");
        let mut code = String::new();
        if !matches!(visit, Visit::Social) {
            browser.step(Method::POST, "/identification", Some(proof.clone())).await.expect(204);
        }
        if matches!(visit, Visit::Code | Visit::Refresh) {
            code = browser.submit().await;
        }
        let token_of =
            |answer: &Answer| answer.json().get("refresh_token").and_then(Value::as_str).map(ToOwned::to_owned);
        if matches!(visit, Visit::Refresh) {
            refresh_token = token_of(&program.exchange(application, &code).await.expect(200));
        }
        let own = match decision {
            Decision::Link => Some(self.about_to_link(&name, &name).await),
            _ => None,
        };
        let before = self.server.api(Method::GET, &format!("/users/{id}"), None).await.json();
        self.server.clock.turn(1);
        let decide = self.decide(decision, &id, own);
        match visit {
            Visit::Submit => {
                let (_, answer) = tokio::join!(decide, browser.step(Method::POST, "/submit", None));
                fits(&answer);
            }
            Visit::Social => {
                let visit = async {
                    fits(&browser.step(Method::POST, "/identification", Some(proof)).await);
                    browser.step(Method::POST, "/submit", None).await
                };
                fits(&tokio::join!(decide, visit).1);
            }
            Visit::Code => {
                let answer = tokio::join!(decide, program.exchange(application, &code)).1;
                fits(&answer);
                refresh_token = token_of(&answer);
            }
            Visit::Refresh => {
                let token = refresh_token.clone().unwrap();
                let answer = tokio::join!(decide, program.refresh(application, &token)).1;
                fits(&answer);
                refresh_token = token_of(&answer).or(refresh_token);
            }
        }
        self.holds(decision, &id, &context).await;
        let silent = async |browser: &mut Browser| {
            browser.authorize_with(application, &[("prompt", "none")]).await.location_parameter("error")
        };
        match decision {
            Decision::Unlink => return,
            Decision::Link => {
                let after = self.server.api(Method::GET, &format!("/users/{id}"), None).await.json();
                if matches!(visit, Visit::Submit | Visit::Social) {
                    let time = |user: &Value| user.get("lastSignInAt").and_then(Value::as_i64);
                    assert!(time(&after) > time(&before), "{context}: {after}");
                }
                if !matches!(visit, Visit::Social) {
                    assert_eq!(
                        after.get("name"),
                        Some(&json!(format!("By the {OTHER}"))),
                        "{context}: what the link brought"
                    );
                }
                assert_eq!(silent(&mut browser).await, None, "{context}: the session lives");
                self.server.api(Method::DELETE, &format!("/users/{id}/identities/{OTHER}"), None).await.expect(204);
                assert_eq!(self.identities(&id).await, [(TARGET.to_owned(), name)], "{context}: it was there once");
                return;
            }
            _ => {}
        }
        assert_eq!(silent(&mut browser).await.as_deref(), Some("login_required"), "{context}: a session lives");
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
        for decision in DECISIONS {
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

const LINK: &str = "INSERT INTO user_identities (tenant_id, target, issuer, identity_id, user_id, details, created_at) VALUES \
     ('default', 'other', '', $1, $2, '{}', 0)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_waited_for_a_link_does_not_undo_it() {
    let race = Race::new(Database::postgres().await).await;
    let id = race.user("u1").await;
    let (mut browser, proof) = race.vouched("u1", None).await;
    browser.step(Method::POST, "/identification", Some(proof)).await.expect(204);
    let mut held = race.pool.begin().await.unwrap();
    let rename = "UPDATE users SET name = 'By the other' WHERE id = $1";
    sqlx::query(rename).bind(id.clone()).execute(&mut *held).await.unwrap();
    sqlx::query(LINK).bind("u1".to_owned()).bind(id.clone()).execute(&mut *held).await.unwrap();
    let submit = tokio::spawn(async move { browser.step(Method::POST, "/submit", None).await });
    waiting(&race.pool, 1).await;
    held.commit().await.unwrap();
    submit.await.unwrap().expect(200);
    race.holds(Decision::Link, &id, "a held row").await;
    let user = race.server.api(Method::GET, &format!("/users/{id}"), None).await.json();
    assert_eq!(user["name"], json!("By the other"));
    assert!(user["lastSignInAt"].is_i64(), "{user}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_waited_for_another_accounts_is_refused_or_made_as_that_ends() {
    let race = Race::new(Database::postgres().await).await;
    let (first, second) = (race.user("u1").await, race.user("u2").await);
    for is_kept in [false, true] {
        let identity = format!("taken-{is_kept}");
        let (mut browser, step) = race.about_to_link("u2", &identity).await;
        let mut held = race.pool.begin().await.unwrap();
        sqlx::query(LINK).bind(identity.clone()).bind(first.clone()).execute(&mut *held).await.unwrap();
        let link = tokio::spawn(async move { browser.step(Method::POST, "/identification", Some(step)).await });
        waiting(&race.pool, 1).await;
        if is_kept {
            held.commit().await.unwrap();
            assert_eq!(link.await.unwrap().expect(422).code(), "user.identity_already_in_use");
            assert_eq!(race.identities(&second).await, [(TARGET.to_owned(), "u2".to_owned())]);
        } else {
            held.rollback().await.unwrap();
            link.await.unwrap().expect(204);
            race.holds(Decision::Link, &second, "nobody's identity").await;
            let path = format!("/users/{second}/identities/{OTHER}");
            race.server.api(Method::DELETE, &path, None).await.expect(204);
        }
    }
}

on_both! {
    async fn lost_update_of_an_unlinking_by_a_link(database: Database) {
        let race = Race::new(database).await;
        for number in 1..9 {
            let name = format!("u{number}");
            let id = race.user(&name).await;
            let (mut browser, step) = race.about_to_link(&name, &name).await;
            let link = async {
                browser.step(Method::POST, "/identification", Some(step)).await.expect(204);
                browser.submit().await
            };
            let path = format!("/users/{id}/identities/{OTHER}");
            let (_, unlinked) = tokio::join!(link, race.server.api(Method::DELETE, &path, None));
            let is_there = race.identities(&id).await.iter().any(|(target, _)| target == OTHER);
            assert_eq!((unlinked.status.as_u16(), is_there), if is_there { (404, true) } else { (204, false) });
        }
    }

    async fn a_second_identity_of_a_target_is_refused_whatever_its_issuer(database: Database) {
        let race = Race::new(database).await;
        let id = race.user("u1").await;
        let (mut browser, step) = race.about_to_link("u1", "first").await;
        browser.step(Method::POST, "/identification", Some(step)).await.expect(204);
        race.run("UPDATE user_identities SET issuer = 'https://another.example' WHERE target = 'other'", &[]).await;
        for identity in ["first", "second"] {
            let (mut browser, step) = race.about_to_link("u1", identity).await;
            let refused = browser.step(Method::POST, "/identification", Some(step)).await;
            assert_eq!(refused.expect(422).code(), "user.identity_already_in_use");
        }
        assert_eq!(race.identities(&id).await, [(OTHER.to_owned(), "first".to_owned()), (TARGET.to_owned(), "u1".to_owned())]);
    }

    async fn an_identity_that_two_accounts_are_given_at_once_shuts_neither_out(database: Database) {
        let race = Race::new(database).await;
        let linking = json!({ "socialSignIn": { "automaticAccountLinking": true } });
        race.server.api(Method::PATCH, "/sign-in-exp", Some(linking)).await.expect(200);
        for round in 0..6_u32 {
            let identity = format!("given-{round}");
            let names = [format!("u{}", 2 * round + 1), format!("u{}", 2 * round + 2)];
            let accounts = [race.user(&names[0]).await, race.user(&names[1]).await];
            let (mut one, mut step_of_one) = race.about_to_link(&names[0], &identity).await;
            let (mut other, mut step_of_other) = race.about_to_link(&names[1], &identity).await;
            for step in [&mut step_of_one, &mut step_of_other] {
                step.as_object_mut().unwrap().remove("linkSocialIdentity").unwrap();
            }
            let (one, other) = tokio::join!(
                one.step(Method::POST, "/identification", Some(step_of_one)),
                other.step(Method::POST, "/identification", Some(step_of_other)),
            );
            one.expect(204);
            other.expect(204);
            let linked = [race.identities(&accounts[0]).await, race.identities(&accounts[1]).await];
            assert_eq!(linked.iter().flatten().filter(|(target, _)| target == OTHER).count(), 1);
        }
    }

    async fn an_identity_that_two_accounts_take_at_once_is_one_accounts(database: Database) {
        let race = Race::new(database).await;
        let owners = async |accounts: &[String]| {
            let mut owners = 0;
            for id in accounts {
                owners += race.identities(id).await.iter().filter(|(target, _)| target == OTHER).count();
            }
            owners
        };
        for round in 0..6_u32 {
            let identity = format!("linked-{round}");
            let names = [format!("u{}", 2 * round + 1), format!("u{}", 2 * round + 2)];
            let accounts = [race.user(&names[0]).await, race.user(&names[1]).await];
            let (mut one, step_of_one) = race.about_to_link(&names[0], &identity).await;
            let (mut other, step_of_other) = race.about_to_link(&names[1], &identity).await;
            let (one, other) = tokio::join!(
                one.step(Method::POST, "/identification", Some(step_of_one)),
                other.step(Method::POST, "/identification", Some(step_of_other)),
            );
            assert_one_is_refused(204, &[one, other]);
            assert_eq!(owners(&accounts).await, 1);
        }
        for round in 0..6_u32 {
            let identity = format!("registered-{round}");
            let register = async |number: u32| {
                let phone = phone(&format!("u{}", 1000 + 2 * round + number));
                let (mut browser, proof) = race.vouched_by(OTHER, &identity, Some(&phone)).await;
                let event = json!({ "interactionEvent": "Register" });
                browser.step(Method::PUT, "/interaction-event", Some(event)).await.expect(204);
                (browser, proof)
            };
            let ((mut one, proof), (mut other, _)) = (register(0).await, register(1).await);
            let before = race.server.api(Method::GET, "/users?page_size=100", None).await.json().as_array().unwrap().len();
            let (one, other) = tokio::join!(
                one.step(Method::POST, "/identification", Some(proof.clone())),
                other.step(Method::POST, "/identification", Some(proof)),
            );
            assert_one_is_refused(201, &[one, other]);
            let after = race.server.api(Method::GET, "/users?page_size=100", None).await.json().as_array().unwrap().len();
            assert_eq!(after, before + 1, "who was refused has no account");
        }
    }
}

/// One answer is this, the other says that the identity is taken.
#[track_caller]
fn assert_one_is_refused(status: u16, answers: &[Answer; 2]) {
    let mut said: Vec<(u16, String)> = answers.iter().map(|answer| (answer.status.as_u16(), answer.code())).collect();
    said.sort();
    assert_eq!(said, [(status, String::new()), (422, "user.identity_already_in_use".to_owned())]);
}

on_both! {
    async fn a_refusal_leaves_nothing_at_an_account(database: Database) {
        let race = Race::new(database).await;
        let id = race.user("u1").await;
        race.decide(Decision::Suspend, &id, None).await.expect(200);
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
        race.decide(Decision::Delete, &id, None).await.expect(204);
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
