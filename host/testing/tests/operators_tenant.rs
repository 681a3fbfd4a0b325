//! What strangers can do at the operators' tenant: nothing.

use http::Method;
use keyway_core::{Cx, administrators, applications, password_link, sign_in_experience};
use keyway_testing::{Application, Browser, TestServer, on_both};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

fn console() -> Application {
    Application {
        id: "admin-console".into(),
        secret: String::new(),
        redirect_uri: "http://localhost:3002/console/callback".into(),
    }
}

async fn secret(server: &TestServer) -> String {
    let link = administrators::first_link(&server.operators()).await.unwrap().unwrap();
    link.split_once("secret=").unwrap().1.to_owned()
}

async fn welcome(browser: &mut Browser, secret: &str, username: &str) -> keyway_testing::Answer {
    browser.post_form("/welcome", &[("secret", secret), ("username", username), ("password", PASSWORD)]).await
}

async fn put_squatter(server: &TestServer, number: u32) {
    let insert = "INSERT INTO users (tenant_id, id, username, custom_data, profile, is_suspended, created_at, updated_at) \
         VALUES ('admin', $1, $1, '{}', '{}', 0, $2, 0)";
    let pool = server.database.connect().await;
    for number in 0..number {
        let query = sqlx::query(insert).bind(format!("squatter{number}")).bind(i64::MAX - i64::from(number));
        query.execute(&pool).await.unwrap();
    }
}

on_both! {
    async fn an_administrator_is_not_made_with_a_password_that_is_refused(database: Database) {
        let server = TestServer::start(database).await;
        for (password, is_made) in [("12345678", false), ("bright canal of seven maples", true)] {
            let made = administrators::create(&server.operators(), "bob", Some(password.into()), true, &[]).await;
            assert_eq!(made.is_ok(), is_made, "{password}");
        }
        let made = administrators::named(&server.operators(), "bob").await.unwrap();
        assert!(made.user.password.is_some());
    }

    async fn missing_authorisation(database: Database) {
        let server = TestServer::start(database).await;
        // What is stored does not open the tenant.
        let pool = server.database.connect().await;
        let open = keyway_model::sign_in_experience::SignInExperience::default();
        let insert = "INSERT INTO sign_in_experiences (tenant_id, settings) VALUES ('admin', $1)";
        sqlx::query(insert).bind(serde_json::to_string(&open).unwrap()).execute(&pool).await.unwrap();
        let patch = json!({ "signInMode": "SignInAndRegister" });
        let refused = sign_in_experience::update(&Cx::system(&server.core, "admin".into()), patch.as_object().unwrap().clone()).await;
        assert!(refused.is_err());
        let application = server.application().await;
        for (operators, application) in [(true, console()), (false, application)] {
            let mut browser =
                if operators { server.operators_browser("203.0.113.7") } else { server.browser("203.0.113.7") };
            browser.authorize(&application).await.expect(303);
            let event = |event: &str| Some(json!({ "interactionEvent": event }));
            let start = browser.step(Method::PUT, "", event("Register")).await;
            assert_eq!(start.status, if operators { 403 } else { 204 }, "{}", start.body);
            browser.step(Method::PUT, "", event("SignIn")).await.expect(204);
            let turned = browser.step(Method::PUT, "/interaction-event", event("Register")).await;
            assert_eq!(turned.status, if operators { 403 } else { 204 }, "{}", turned.body);
            if operators {
                let body = json!({ "identifier": { "type": "username", "value": "stranger" }, "password": PASSWORD });
                let proof = browser.step(Method::POST, "/verification/new-password-identity", Some(body)).await;
                assert!(proof.status.is_client_error());
                let proof = browser.step(Method::POST, "/identification", Some(json!({}))).await;
                assert!(proof.status.is_client_error());
                let page = browser.get("/register").await;
                assert!(!page.body.contains("name=\"username\""), "{}", page.body);
                let csrf = page.input("csrf").unwrap_or_default();
                let sent = browser.post_form("/register", &[("csrf", &csrf), ("username", "stranger"), ("password", PASSWORD)]).await;
                assert!(!sent.location().contains("callback"), "{}", sent.location());
            }
        }
        let users = sqlx::query("SELECT id FROM users WHERE tenant_id = 'admin'").fetch_all(&pool).await.unwrap();
        assert!(users.is_empty());
    }

    async fn the_first_administrator_is_the_first_who_may_do_everything(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.operators_browser("203.0.113.7");
        browser.authorize(&console()).await.expect(303);
        let page = browser.get("/sign-in").await.expect(200);
        assert!(page.body.contains("printed in its terminal") && !page.body.contains("name=\"password\""), "{}", page.body);
        put_squatter(&server, 205).await;
        let old = secret(&server).await;
        assert_ne!(old, secret(&server).await, "each link is another");
        server.clock.turn(24 * 3600 + 1);
        welcome(&mut browser, &old, "root").await.expect(400);
        welcome(&mut browser, "", "root").await.expect(400);
        welcome(&mut browser, &secret(&server).await, "squatter1").await.expect(422);
        let fresh = secret(&server).await;
        welcome(&mut browser, &fresh, "root").await.expect(303);
        let signed_in = browser.authorize(&console()).await;
        assert!(signed_in.location_parameter("code").is_some(), "signed in at once: {}", signed_in.location());
        assert_eq!(administrators::first_link(&server.operators()).await.unwrap(), None);
        welcome(&mut browser, &fresh, "second").await.expect(404);
        let names = |found: Vec<keyway_core::console::Administrator>| {
            found.into_iter().filter_map(|one| one.user.username).collect::<Vec<_>>()
        };
        assert_eq!(names(administrators::list(&server.operators()).await.unwrap()), ["root"]);
        let helper = administrators::create(&server.operators(), "helper", None, false, &["connectors:view".into()]).await.unwrap();
        let root = administrators::named(&server.operators(), "root").await.unwrap();
        let last = administrators::delete(&server.operators(), &root.user.id).await.unwrap_err();
        assert!(matches!(last, administrators::AdministratorError::Last), "{last}");
        administrators::create(&server.operators(), "second", None, true, &[]).await.unwrap();
        administrators::delete(&server.operators(), &root.user.id).await.unwrap();
        administrators::delete(&server.operators(), &helper.id).await.unwrap();
        assert_eq!(names(administrators::list(&server.operators()).await.unwrap()), ["second"]);
    }

    async fn a_command_beside_the_server_changes_nothing_of_it(database: Database) {
        let server = TestServer::start(database).await;
        let before = server.operators_browser("203.0.113.7").authorize(&console()).await.expect(303);
        let beside = server.beside("http://elsewhere.example:3002").await;
        applications::create_management(&Cx::system(&beside, keyway_model::TenantId::default_tenant()), "by a command".into()).await.unwrap();
        let made = administrators::create(&Cx::system(&beside, "admin".into()), "lost", None, true, &[]).await.unwrap();
        let (link, _) = password_link::create(&Cx::system(&beside, "admin".into()), &made.id).await.unwrap();
        assert!(link.starts_with("http://elsewhere.example:3002/set-password?"));
        let after = server.operators_browser("203.0.113.7").authorize(&console()).await.expect(303);
        let page = |answer: &keyway_testing::Answer| answer.location().split("&interaction=").next().unwrap().to_owned();
        assert_eq!(page(&before), page(&after));
        let mut owner = server.operators_browser("203.0.113.7");
        let token = link.split_once("token=").unwrap().1;
        owner.post_form("/set-password", &[("token", token), ("password", PASSWORD)]).await.expect(303);
        assert!(!owner.sign_in(&console(), "lost", PASSWORD).await.is_empty());
        let api = server.api(Method::GET, "/users", None).await.expect(200);
        assert_eq!(api.json(), Value::Array(Vec::new()), "operators are no users of the application");
    }
}
