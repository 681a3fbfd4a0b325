//! The console at a tenant of the operators' choice: what it shows and changes is that tenant's alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use keyway_core::tenants::{self, NewTenant};
use keyway_core::{Cx, Page, administrators, applications, audit_logs, images, signing_keys, users};
use keyway_testing::{Browser, TestServer, on_both};
use serde_json::{Value, json};

const ACME: &str = "http://acme.localhost:3001";
const PASSWORD: &str = "correct horse battery";
/// A picture of one pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

async fn with_acme(server: &TestServer) -> Cx {
    let new = NewTenant { id: Some("acme".into()), name: "Acme Corporation".into(), address: ACME.into() };
    tenants::create(&server.operators(), new).await.unwrap();
    Cx::system(&server.core, "acme".into())
}

/// Ids of what a tenant has.
struct Ids {
    user: String,
    application: String,
}

async fn ids(cx: &Cx, token: &str, browser: Browser) -> Ids {
    let mut program = browser.with_header("authorization", &format!("Bearer {token}"));
    let mut made = async |path: &str, body: Value| {
        let made = program.json(Method::POST, path, Some(body)).await.expect(200).json();
        made.get("id").and_then(Value::as_str).unwrap().to_owned()
    };
    let user = made("/api/users", json!({ "username": format!("user-of-{}", cx.tenant).replace('-', "_") })).await;
    let application = json!({ "name": format!("App of {}", cx.tenant), "type": "SPA" });
    Ids { user, application: made("/api/applications", application).await }
}

/// Keys and payloads of a tenant's log.
async fn log(server: &TestServer, tenant: &str) -> Vec<(String, String, Value)> {
    let cx = Cx::system(&server.core, tenant.into());
    let filter =
        audit_logs::AuditLogFilter { key: Some("Management.".into()), ..audit_logs::AuditLogFilter::default() };
    let (found, _) = audit_logs::list(&cx, &filter, Page { offset: 0, limit: 100 }).await.unwrap();
    found.into_iter().map(|entry| (entry.id.0, entry.key, Value::Object(entry.payload))).collect()
}

/// The console of an administrator with one duty.
async fn with_one_duty(server: &TestServer) -> Browser {
    let helper =
        administrators::create(&server.operators(), "helper", None, false, &["connectors:view".into()]).await.unwrap();
    users::set_password(&server.operators(), &helper.id, PASSWORD.into()).await.unwrap();
    let mut browser = server.operators_browser("203.0.113.11");
    let begun = browser.get("/console/sign-in").await.expect(303).location();
    browser.get(&begun).await.expect(303);
    browser.step(Method::PUT, "", Some(json!({ "interactionEvent": "SignIn" }))).await.expect(204);
    let body = json!({ "identifier": { "type": "username", "value": "helper" }, "password": PASSWORD });
    let verified = browser.step(Method::POST, "/verification/password", Some(body)).await.expect(200).json();
    browser.step(Method::POST, "/identification", Some(verified)).await.expect(204);
    let answer = browser.step(Method::POST, "/submit", None).await.expect(200).json();
    let to = answer.get("redirectTo").and_then(Value::as_str).unwrap().to_owned();
    let mut path = to.strip_prefix("http://localhost:3002").unwrap().to_owned();
    while !path.starts_with("/console") {
        path = browser.get(&path).await.expect(303).location();
        path = path.strip_prefix("http://localhost:3002").unwrap_or(&path).to_owned();
    }
    browser.get(&path).await.expect(303);
    browser
}

on_both! {
    async fn links_of_an_administrator_lead_where_the_duties_reach(database: Database) {
        let server = TestServer::start(database).await;
        let home = with_one_duty(&server).await.get("/console").await.expect(200).body;
        for closed in ["applications", "sign-in-experience", "users", "resources", "roles", "logs", "settings", "tenants"] {
            assert!(!home.contains(&format!("\"/console/{closed}")), "{closed}");
        }
        assert!(home.contains("\"/console/connectors\""));
    }

    async fn the_log_says_what_a_form_was_refused_for_and_nothing_of_what_changed_nothing(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await;
        browser.post_form("/console/roles", &[("name", "Reader")]).await.expect(303);
        browser.post_form("/console/roles", &[("name", "Reader")]).await.expect(422);
        let entries = log(&server, "default").await;
        let refused = entries.iter().find_map(|(_, _, payload)| payload.get("error")).unwrap();
        assert_eq!(refused.get("code").and_then(Value::as_str), Some("role.name_in_use"));
        let role = entries.iter().find(|(_, key, _)| key == "Management.Roles.Create").unwrap();
        let role = role.2.pointer("/targets/roleId").and_then(Value::as_str).unwrap().to_owned();
        let count = entries.len();
        browser.post_form(&format!("/console/roles/{role}"), &[("name", "Reader")]).await.expect(303);
        let user = server.user("ada", "8613800000009", PASSWORD).await;
        let path = format!("/users/{}/roles", user.get("id").and_then(Value::as_str).unwrap());
        let body = json!({ "roleIds": [role] });
        for _ in 0..2 {
            server.api(Method::POST, &path, Some(body.clone())).await.expect(201);
        }
        let after = log(&server, "default").await;
        assert_eq!(after.len(), count + 2, "the user and the role, each once: {after:?}");
    }

    async fn the_console_administers_the_tenant_of_its_address(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await;
        let alone = browser.get("/console").await.expect(200).body;
        assert!(!alone.contains("<details class=\"tenant\">"), "there is nothing to choose");
        let acme = with_acme(&server).await;
        let first = browser.get("/console/tenant/acme").await.expect(200).body;
        assert!(first.contains(ACME) && first.contains("Acme Corporation"), "{first}");
        assert!(!first.contains("href=\"/console/users\""), "each link stays with the tenant: {first}");
        assert!(browser.get("/console/tenant/default/settings").await.expect(200).body.contains("href=\"/console/users\""));

        let form = [("framework", "machine-to-machine"), ("name", "Robot")];
        let made = browser.post_form("/console/tenant/acme/applications", &form).await.expect(303).location();
        let id = made.strip_prefix("/console/tenant/acme/applications/").unwrap().to_owned();
        let other = browser.get("/console").await.expect(200).body;
        assert!(!other.contains("role=\"status\""), "another tenant's page says nothing of it");
        let shown = browser.get(&made).await.expect(200).body;
        assert!(shown.contains("role=\"status\"") && shown.contains("https://acme.logto.app/api"), "{shown}");
        applications::get(&acme, &id.as_str().into()).await.unwrap();
        let users = Cx::system(&server.core, "default".into());
        applications::get(&users, &id.as_str().into()).await.unwrap_err();

        let of_acme = log(&server, "acme").await;
        let (_, _, created) = of_acme.iter().find(|(_, key, _)| key == "Management.Applications.Create").unwrap();
        assert_eq!(created.get("actorType").and_then(Value::as_str), Some("administrator"));
        assert_eq!(created.get("operation").and_then(Value::as_str), Some("POST /console/applications"));
        for tenant in ["default", "admin"] {
            assert!(log(&server, tenant).await.iter().all(|(_, _, payload)| !payload.to_string().contains(&id)), "{tenant}");
        }
    }

    async fn idor_between_tenants_at_the_console(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await;
        let acme = with_acme(&server).await;
        let users = Cx::system(&server.core, "default".into());
        let at = server.browser("203.0.113.7").at(ACME);
        let of_acme = ids(&acme, &server.token_of("acme".into(), at.clone()).await, at).await;
        let at = server.browser("203.0.113.7");
        let of_default = ids(&users, &server.token_of("default".into(), at.clone()).await, at).await;
        let logged = (log(&server, "acme").await.remove(0).0, log(&server, "default").await.remove(0).0);
        let connector = server.api(Method::GET, "/connectors", None).await.expect(200).json();
        let connector = connector.pointer("/0/id").and_then(Value::as_str).unwrap().to_owned();
        let picture = images::upload(&users, STANDARD.decode(PNG).unwrap()).await.unwrap();
        let picture = picture.rsplit_once('/').unwrap().1;
        browser.get(&format!("/console/images/{picture}")).await.expect(200);
        let of_acme_alone = "/console/tenant/acme";
        for page in [format!("/connectors/{connector}"), format!("/images/{picture}")] {
            browser.get(&format!("{of_acme_alone}{page}")).await.expect(404);
        }
        for form in [format!("/connectors/{connector}"), format!("/connectors/{connector}/enabled"), format!("/connectors/{connector}/delete")] {
            browser.post_form(&format!("{of_acme_alone}{form}"), &[("op", "save")]).await.expect(404);
        }
        // The secrets of a connector stand for masked ones in its own tenant alone.
        let test = [("connector", connector.as_str()), ("test_to", "+8613800000001")];
        browser.post_form(&format!("{of_acme_alone}/connector-test/keyway-dev-inbox"), &test).await.expect(404);
        let keys = signing_keys::list(&users).await.unwrap();
        for key in keys {
            let refused = browser.post_form(&format!("{of_acme_alone}/settings/keys/{}/delete", key.id), &[]).await;
            assert_eq!(refused.status, 404, "{}", refused.body);
        }
        for (base, own, other, entry) in [
            ("/console", &of_default, &of_acme, &logged.0),
            ("/console/tenant/acme", &of_acme, &of_default, &logged.1),
        ] {
            let (user, application) = (&other.user, &other.application);
            for page in [format!("/users/{user}"), format!("/applications/{application}"), format!("/logs/{entry}")] {
                browser.get(&format!("{base}{page}")).await.expect(404);
            }
            // A form of one tenant's page, sent to the address of the other.
            for form in [
                format!("/users/{user}"), format!("/users/{user}/suspend"), format!("/users/{user}/password"), format!("/users/{user}/link"),
                format!("/users/{user}/delete"), format!("/users/{user}/sign-out"), format!("/applications/{application}"),
                format!("/applications/{application}/secrets"), format!("/applications/{application}/branding"),
                format!("/applications/{application}/delete"),
            ] {
                let fields = [("name", "Taken"), ("suspended", "yes"), ("password", "another horse battery"), ("secret_name", "s")];
                browser.post_form(&format!("{base}{form}"), &fields).await.expect(404);
            }
            let list = browser.get(&format!("{base}/users")).await.expect(200).body;
            assert!(list.contains(&own.user) && !list.contains(user));
            let list = browser.get(&format!("{base}/applications")).await.expect(200).body;
            assert!(list.contains(&own.application) && !list.contains(application));
        }
    }

    async fn a_tenant_that_is_not_there_has_no_pages(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await;
        with_acme(&server).await;
        browser.get("/console/tenant/acme/users").await.expect(200);
        // Whoever is not signed in learns nothing of which there are.
        for id in ["acme", "nobody"] {
            let path = format!("/console/tenant/{id}/users?page=2");
            let asked = server.operators_browser("203.0.113.12").get(&path).await.expect(303);
            assert_eq!(asked.location_parameter("to").as_deref(), Some(path.as_str()));
        }
        tenants::delete(&server.operators(), &"acme".into()).await.unwrap();
        for id in ["acme", "nobody", "admin", "ac%6De", "..", "acme/tenant/default"] {
            for page in ["", "/users", "/settings"] {
                let shown = browser.get(&format!("/console/tenant/{id}{page}")).await.expect(404).body;
                assert!(id.contains('/') || shown.contains("<a class=\"button primary\" href=\"/console\">"), "{id}{page}: {shown}");
            }
        }
        let form = [("framework", "react"), ("name", "Late")];
        browser.post_form("/console/tenant/acme/applications", &form).await.expect(404);
    }

    async fn privilege_escalation_with_one_duty_at_every_tenant(database: Database) {
        let server = TestServer::start(database).await;
        server.administrator().await;
        with_acme(&server).await;
        let mut browser = with_one_duty(&server).await;
        for base in ["/console", "/console/tenant/acme"] {
            let page = browser.get(&format!("{base}/connectors")).await.expect(200).body;
            assert!(!page.contains("/tenants\""), "{page}");
            for page in ["/tenants", "/tenants/new", "/tenants/acme", "/users", "/settings"] {
                browser.get(&format!("{base}{page}")).await.expect(403);
            }
            for form in ["/tenants", "/tenants/acme", "/tenants/acme/delete", "/users", "/settings/machines"] {
                let fields = [("id", "globex"), ("address", "https://globex.example.com"), ("confirmation", "acme")];
                browser.post_form(&format!("{base}{form}"), &fields).await.expect(403);
            }
        }
        let known = tenants::list(&server.operators()).await.unwrap();
        assert_eq!(known.len(), 3);
    }

    async fn tenants_come_and_go_at_the_console(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await;
        assert!(browser.get("/console/tenants").await.expect(200).body.contains("class=\"empty\""));
        for (id, address, at) in [
            ("default", "https://a.example.com", "id"),
            ("Acme", "https://a.example.com", "id"),
            ("acme", "http://localhost:3002", "address"),
            ("acme", "a.example.com", "address"),
        ] {
            let shown = browser.post_form("/console/tenants", &[("id", id), ("address", address)]).await;
            assert!([400, 422].contains(&shown.status.as_u16()), "{}", shown.status);
            assert!(shown.body.contains(&format!("id=\"{at}-problem\"")), "{id} {address}: {}", shown.body);
            assert_eq!(shown.input("address").as_deref(), Some(address), "what was typed stays");
        }
        let form = [("id", "acme"), ("name", "Acme"), ("address", ACME)];
        let made = browser.post_form("/console/tenants", &form).await.expect(303).location();
        assert_eq!(made, "/console/tenants/acme");
        let shown = browser.get(&made).await.expect(200).body;
        assert!(shown.contains(&format!("{ACME}/oidc")) && shown.contains("href=\"/console/tenant/acme\""), "{shown}");
        browser.post_form(&made, &[("name", "Acme <Inc>")]).await.expect(303);
        assert!(browser.get("/console/tenants").await.expect(200).body.contains("Acme &#60;Inc&#62;"));
        let refused = browser.post_form("/console/tenant/acme/tenants/acme/delete", &[("confirmation", "Acme")]).await.expect(400);
        assert!(refused.body.contains("id=\"confirmation-problem\""), "{}", refused.body);
        for fixed in ["default", "admin"] {
            let refused = browser.post_form(&format!("/console/tenants/{fixed}/delete"), &[("confirmation", fixed)]).await;
            assert!(refused.status.is_client_error(), "{fixed}");
        }
        browser.get("/console/tenants/admin").await.expect(404);
        let gone = browser.post_form("/console/tenant/acme/tenants/acme/delete", &[("confirmation", "acme")]).await.expect(303);
        assert_eq!(gone.location(), "/console/tenants");
        let left = browser.get("/console/tenants").await.expect(200).body;
        assert!(!left.contains("acme") && left.contains("role=\"status\""), "{left}");
        let of_operators: Vec<_> = log(&server, "admin").await.into_iter().map(|(_, key, _)| key).collect();
        for key in ["Management.Tenants.Create", "Management.Tenants.Update", "Management.Tenants.Delete"] {
            assert!(of_operators.iter().any(|known| known == key), "{key}: {of_operators:?}");
        }
        assert!(log(&server, "default").await.iter().all(|(_, key, _)| !key.starts_with("Management.Tenants.")));
        // It outlives the session, and so is asked for anew.
        server.clock.turn(16 * 60);
        let asked = browser.post_form("/console/tenants/default/delete", &[("confirmation", "default")]).await.expect(303);
        assert!(asked.location().contains("fresh=1"), "{}", asked.location());
    }
}
