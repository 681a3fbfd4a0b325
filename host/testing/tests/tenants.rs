//! Tenants that an operator makes: each is a server of its own, and nothing of one opens anything of another.

use http::Method;
use keyway_core::tenants::{self, NewTenant, TenantChange};
use keyway_core::{Cx, Page, applications, audit_logs};
use keyway_testing::{Answer, Application, Browser, TestServer, on_both};
use serde_json::{Value, json};

const ACME: &str = "http://acme.localhost:3001";
const PASSWORD: &str = "correct horse battery";
const REDIRECT: &str = "https://app.example.com/callback";

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap().to_owned()
}

/// A tenant with a user `ada`, an application that she signs in to, and the token of its Management API.
struct Tenant {
    browser: Browser,
    bearer: String,
    application: Application,
    user: String,
}

impl Tenant {
    async fn new(server: &TestServer, id: &str, browser: Browser) -> Self {
        let token = server.token_of(id.into(), browser.clone()).await;
        let mut tenant = Self {
            browser,
            bearer: format!("Bearer {token}"),
            application: Application { id: String::new(), secret: String::new(), redirect_uri: REDIRECT.into() },
            user: String::new(),
        };
        let method = json!({
            "identifier": "username", "password": true, "verificationCode": false, "isPasswordPrimary": true,
        });
        let settings = json!({
            "signUp": { "identifiers": ["username"], "password": true, "verify": false }, "signIn": { "methods": [method] },
        });
        tenant.api(Method::PATCH, "/sign-in-exp", Some(settings)).await.expect(200);
        let made = json!({
            "name": "Test", "type": "Traditional",
            "oidcClientMetadata": { "redirectUris": [REDIRECT], "postLogoutRedirectUris": [] },
        });
        let made = tenant.api(Method::POST, "/applications", Some(made)).await.expect(200).json();
        (tenant.application.id, tenant.application.secret) = (text(&made, "id"), text(&made, "secret"));
        let user = json!({ "username": "ada", "password": PASSWORD });
        tenant.user = text(&tenant.api(Method::POST, "/users", Some(user)).await.expect(200).json(), "id");
        tenant
    }

    async fn api(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut machine = self.browser.clone().with_header("authorization", &self.bearer);
        machine.json(method, &format!("/api{path}"), body).await
    }
}

/// A tenant to be made.
fn new(id: &str, address: &str) -> NewTenant {
    NewTenant { id: Some(id.into()), name: "Acme".into(), address: address.into() }
}

async fn two(server: &TestServer) -> (Tenant, Tenant) {
    let users = Tenant::new(server, "default", server.browser("203.0.113.7")).await;
    tenants::create(&server.operators(), new("acme", ACME)).await.unwrap();
    let acme = Tenant::new(server, "acme", server.browser("203.0.113.7").at(ACME)).await;
    (users, acme)
}

on_both! {
    async fn each_tenant_has_an_issuer_keys_and_settings_of_its_own(database: Database) {
        let server = TestServer::start(database).await;
        let (mut users, mut acme) = two(&server).await;
        for (tenant, issuer) in [(&mut users, "http://localhost:3001/oidc"), (&mut acme, "http://acme.localhost:3001/oidc")] {
            let discovery = tenant.browser.get("/oidc/.well-known/openid-configuration").await.expect(200).json();
            assert_eq!(text(&discovery, "issuer"), issuer);
        }
        let keys = (users.browser.get("/oidc/jwks").await.expect(200).body, acme.browser.get("/oidc/jwks").await.expect(200).body);
        assert_ne!(keys.0, keys.1);
        let change = json!({ "termsOfUseUrl": "https://acme.example.com/terms" });
        acme.api(Method::PATCH, "/sign-in-exp", Some(change)).await.expect(200);
        let other = users.api(Method::GET, "/sign-in-exp", None).await.expect(200).json();
        assert_eq!(other.get("termsOfUseUrl"), Some(&Value::Null));
        // The same person at both is two users.
        assert_ne!(users.user, acme.user);
        let mut browser = acme.browser.clone();
        let code = browser.sign_in(&acme.application, "ada", PASSWORD).await;
        browser.exchange(&acme.application, &code).await.expect(200);
        let entries = users.api(Method::GET, "/logs?page_size=100", None).await.expect(200).body;
        assert!(!entries.contains(&acme.user) && !entries.contains(&acme.application.id), "{entries}");
    }

    async fn idor_between_tenants(database: Database) {
        let server = TestServer::start(database).await;
        let (users, acme) = two(&server).await;
        for (own, other) in [(&users, &acme), (&acme, &users)] {
            for path in [format!("/users/{}", other.user), format!("/applications/{}", other.application.id)] {
                own.api(Method::GET, &path, None).await.expect(404);
                own.api(Method::DELETE, &path, None).await.expect(404);
            }
            // The token of one Management API is worth nothing at the other.
            let mut machine = own.browser.clone().with_header("authorization", &other.bearer);
            assert_eq!(machine.json(Method::GET, "/api/users", None).await.expect(401).code(), "auth.unauthorized");
        }
        for tenant in [users, acme] {
            tenant.api(Method::GET, &format!("/users/{}", tenant.user), None).await.expect(200);
        }
    }

    async fn token_and_cookie_confusion_between_tenants(database: Database) {
        let server = TestServer::start(database).await;
        let (users, acme) = two(&server).await;
        let mut browser = users.browser.clone();
        let code = browser.sign_in(&users.application, "ada", PASSWORD).await;
        let unused = users.browser.clone().sign_in(&users.application, "ada", PASSWORD).await;
        let tokens = browser.exchange(&users.application, &code).await.expect(200).json();
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));

        let mut stranger = acme.browser.clone().with_header("authorization", &format!("Bearer {access}"));
        stranger.get("/oidc/me").await.expect(401);
        for (application, status) in [(&acme.application, 400), (&users.application, 401)] {
            let mut client = acme.browser.clone();
            client.refresh(application, &refresh).await.expect(status);
            client.exchange(application, &unused).await.expect(status);
        }
        // The cookies of one under the names of the other: no session, no interaction, no device.
        browser.authorize(&users.application).await.expect(303);
        let mut planted = acme.browser.clone();
        for (name, value) in browser.cookies_mut().clone() {
            planted.cookies_mut().insert(name.clone(), value.clone());
            planted.cookies_mut().insert(format!("_acme{name}"), value);
        }
        let silent = planted.authorize_with(&acme.application, &[("prompt", "none")]).await.expect(303);
        assert_eq!(silent.location_parameter("error").as_deref(), Some("login_required"), "{}", silent.location());
        let step = planted.step(Method::PUT, "", Some(json!({ "interactionEvent": "SignIn" }))).await;
        assert_eq!(step.expect(400).code(), "session.not_found");
        // What it was for still works where it belongs.
        browser.exchange(&users.application, &unused).await.expect(200);
        browser.refresh(&users.application, &refresh).await.expect(200);
    }

    async fn a_deleted_tenant_opens_nothing_and_leaves_nothing(database: Database) {
        let server = TestServer::start(database).await;
        let (users, acme) = two(&server).await;
        let mut browser = acme.browser.clone();
        let code = browser.sign_in(&acme.application, "ada", PASSWORD).await;
        let tokens = browser.exchange(&acme.application, &code).await.expect(200).json();
        let beside = server.beside("http://localhost:3002").await;
        tenants::delete(&Cx::system(&beside, "admin".into()), &"acme".into()).await.unwrap();
        tenants::delete(&server.operators(), &"acme".into()).await.unwrap_err();
        // A node that did not delete it hears of it soon; asked for what is there, it knows at once.
        tenants::create(&server.operators(), new("other", "https://other.example.com")).await.unwrap();
        assert_eq!(server.core.tenant_of_host("acme.localhost:3001"), None);
        let mut bearer = acme.browser.clone().with_header("authorization", &acme.bearer);
        bearer.json(Method::GET, "/api/users", None).await.expect(401);
        browser.refresh(&acme.application, &text(&tokens, "refresh_token")).await.expect(401);

        server.run_jobs().await;
        let pool = server.database.connect().await;
        // Jobs are the whole installation's.
        for table in server.database.tables().await.into_iter().filter(|table| table != "jobs") {
            let column = if table == "tenants" { "id" } else { "tenant_id" };
            let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE {column} = 'acme'"));
            let rows: i64 = sqlx::query_scalar(count).fetch_one(&pool).await.unwrap();
            assert_eq!(rows, 0, "{table}");
        }
        users.api(Method::GET, &format!("/users/{}", users.user), None).await.expect(200);
        // Its id and its address are free again.
        tenants::create(&server.operators(), new("acme", ACME)).await.unwrap();
    }

    async fn credentials_of_a_deleted_tenant_open_nothing_of_one_that_is_made_again(database: Database) {
        let server = TestServer::start(database).await;
        tenants::create(&server.operators(), new("acme", ACME)).await.unwrap();
        let mut before = Tenant::new(&server, "acme", server.browser("203.0.113.7").at(ACME)).await;
        let look = json!({ "termsOfUseUrl": "https://before.example.com" });
        before.api(Method::PATCH, "/sign-in-exp", Some(look)).await.expect(200);
        let mut browser = before.browser.clone();
        let code = browser.sign_in(&before.application, "ada", PASSWORD).await;
        browser.exchange(&before.application, &code).await.expect(200);
        let keys = before.browser.get("/oidc/jwks").await.expect(200).body;
        tenants::delete(&server.operators(), &"acme".into()).await.unwrap();
        server.run_jobs().await;
        tenants::create(&server.operators(), new("acme", ACME)).await.unwrap();

        // As many changes as the tenant before had seen: at each, this node must know that it is another.
        for name in 0..12 {
            let mut bearer = before.browser.clone().with_header("authorization", &before.bearer);
            bearer.json(Method::GET, "/api/users", None).await.expect(401);
            assert_ne!(before.browser.get("/oidc/jwks").await.expect(200).body, keys, "{name}");
            let settings = before.browser.get("/api/.well-known/sign-in-exp").await.expect(200).body;
            assert!(!settings.contains("before.example.com"), "{name}: {settings}");
            let request = before.browser.clone().authorize(&before.application).await;
            assert_eq!(request.code(), "oidc.invalid_client", "{name}: its applications are gone: {}", request.body);
            let change = TenantChange { name: Some(format!("Acme {name}")), address: None };
            tenants::update(&server.operators(), &"acme".into(), change).await.unwrap();
        }
    }

    async fn ids_and_hosts_of_tenants_are_taken_once(database: Database) {
        let server = TestServer::start(database).await;
        tenants::create(&server.operators(), new("acme", ACME)).await.unwrap();
        for (id, address) in [
            ("acme", "https://a.example.com"),
            ("other", ACME),
            ("other", "https://acme.localhost:3001"),
            ("other", "http://localhost:3001"),
            ("other", "http://localhost:3002"),
            ("default", "https://a.example.com"),
            ("Other", "https://a.example.com"),
            ("new", "https://a.example.com"),
            ("other", "https://a.example.com:80"),
            ("other", "http://a.localhost:443"),
            ("other", "https://a.example.com/path"),
        ] {
            assert!(tenants::create(&server.operators(), new(id, address)).await.is_err(), "{id} {address}");
        }
        for fixed in ["default", "admin"] {
            assert!(tenants::delete(&server.operators(), &fixed.into()).await.is_err(), "{fixed}");
        }
        assert!(applications::create_management(&Cx::system(&server.core, "nobody".into()), "x".into()).await.is_err());
        let ids: Vec<_> = tenants::list(&server.operators()).await.unwrap().into_iter().map(|tenant| tenant.id.0).collect();
        assert_eq!(ids.iter().filter(|id| !["default", "admin"].contains(&id.as_str())).count(), 1, "{ids:?}");
    }

    async fn privilege_escalation_to_the_operators_api(database: Database) {
        let server = TestServer::start(database).await;
        let mut operators = server.operators_machine().await;
        let body = json!({ "id": "acme", "address": ACME });
        operators.json(Method::POST, "/api/tenants", Some(body.clone())).await.expect(200);
        let acme = server.browser("203.0.113.7").at(ACME);
        let token = server.token_of("acme".into(), acme.clone()).await;
        let bearer = format!("Bearer {token}");
        let own = server.token_of("default".into(), server.browser("203.0.113.7")).await;
        let calls = [
            (Method::GET, "/api/tenants"),
            (Method::POST, "/api/tenants"),
            (Method::GET, "/api/tenants/acme"),
            (Method::PATCH, "/api/tenants/acme"),
            (Method::DELETE, "/api/tenants/acme"),
        ];
        for (method, path) in calls {
            // Tenants of users have no such API, whatever token is shown.
            let mut program = server.operators_machine().await;
            assert_eq!(program.json(Method::GET, "/api/users", None).await.expect(404).code(), "request.not_found");
            for mut program in [server.machine(), acme.clone().with_header("authorization", &bearer)] {
                program.json(method.clone(), path, Some(body.clone())).await.expect(404);
            }
            // Their tokens are none of the operators'.
            for token in [&token, &own] {
                let mut stranger = server.operators_browser("203.0.113.7").with_header("authorization", &format!("Bearer {token}"));
                stranger.json(method.clone(), path, Some(body.clone())).await.expect(401);
            }
        }
        for (browser, has) in [(server.browser("203.0.113.7"), false), (acme, false), (server.operators_browser("203.0.113.7"), true)] {
            let document = browser.clone().get("/api/swagger.json").await.expect(200).json();
            let paths = document.get("paths").and_then(Value::as_object).unwrap();
            assert_eq!((paths.contains_key("/api/tenants"), paths.contains_key("/api/users")), (has, !has));
        }
        operators.json(Method::GET, "/api/tenants/acme", None).await.expect(200);
    }

    async fn security_logging_of_tenants_is_the_operators(database: Database) {
        let server = TestServer::start(database).await;
        let mut operators = server.operators_machine().await;
        operators.json(Method::POST, "/api/tenants", Some(json!({ "id": "acme", "address": ACME }))).await.expect(200);
        operators.json(Method::PATCH, "/api/tenants/acme", Some(json!({ "name": "Acme Inc." }))).await.expect(200);
        operators.json(Method::PATCH, "/api/tenants/acme", Some(json!({ "address": "https://new.example.com" }))).await.expect(422);
        operators.json(Method::DELETE, "/api/tenants/acme", None).await.expect(204);
        let log = |tenant: &str| {
            let cx = Cx::system(&server.core, tenant.into());
            async move {
                let filter = audit_logs::AuditLogFilter { key: Some("Management.Tenants.".into()), ..audit_logs::AuditLogFilter::default() };
                let found = audit_logs::list(&cx, &filter, Page { offset: 0, limit: 20 }).await.unwrap().0;
                found.into_iter().map(|entry| (entry.key, Value::Object(entry.payload))).collect::<Vec<_>>()
            }
        };
        let entries = log("admin").await;
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys.len(), 4, "{keys:?}");
        let of = |key: &str, pointer: &str| {
            let found = entries.iter().filter(|(known, _)| known == key).find_map(|(_, payload)| payload.pointer(pointer));
            found.cloned().unwrap_or_default()
        };
        assert_eq!(of("Management.Tenants.Create", "/after/address"), ACME);
        assert_eq!(of("Management.Tenants.Create", "/actorType"), "application");
        assert_eq!(of("Management.Tenants.Update", "/after/name"), "Acme Inc.");
        assert_eq!(of("Management.Tenants.Update", "/error/code"), "tenant.address_fixed");
        assert_eq!(of("Management.Tenants.Delete", "/before/address"), ACME);
        assert_eq!(log("default").await, []);
    }
}
