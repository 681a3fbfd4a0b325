//! The protocol's refusals and its answers to several requests at once, on both databases.

use http::Method;
use keyway_testing::{Application, Browser, TestServer, on_both};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

/// A signed-in browser and the answer of the token endpoint.
async fn signed_in(server: &TestServer, application: &Application) -> (Browser, Value) {
    server.user("ada", "8613800000009", PASSWORD).await;
    let mut browser = server.browser("203.0.113.7");
    let code = browser.sign_in(application, "ada", PASSWORD).await;
    let tokens = browser.exchange(application, &code).await.expect(200).json();
    (browser, tokens)
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

on_both! {
    async fn a_machine_that_names_no_resource_means_the_default_one(database: Database) {
        let server = TestServer::start(database).await;
        let shop = json!({ "name": "Shop", "indicator": "https://shop.example/api", "accessTokenTtl": 600 });
        let shop = text(&server.api(Method::POST, "/resources", Some(shop)).await.expect(201).json(), "id");
        let machine = json!({ "name": "Robot", "type": "MachineToMachine" });
        let machine = server.api(Method::POST, "/applications", Some(machine)).await.expect(200).json();
        let machine = Application { id: text(&machine, "id"), secret: text(&machine, "secret"), redirect_uri: String::new() };
        let form = [("grant_type", "client_credentials")];
        let refused = server.browser("203.0.113.7").token(&machine, &form).await.expect(400);
        assert_eq!(refused.code(), "oidc.invalid_target");
        let change = Some(json!({ "isDefault": true }));
        server.api(Method::PATCH, &format!("/resources/{shop}/is-default"), change).await.expect(200);
        let tokens = server.browser("203.0.113.7").token(&machine, &form).await.expect(200).json();
        assert_eq!(tokens["expires_in"], 600);
    }

    async fn mass_assignment_of_claims(database: Database) {
        let server = TestServer::start(database).await;
        let user = server.user("ada", "8613800000009", PASSWORD).await;
        let path = format!("/users/{}/profile", text(&user, "id"));
        for name in ["sub", "iss", "aud", "exp", "roles", "email", "email_verified", "preferred_username", "__proto__"] {
            let body = json!({ "profile": { name: "victim" } });
            let refused = server.api(Method::PATCH, &path, Some(body)).await.expect(400);
            assert!(refused.body.contains(name), "{}", refused.body);
        }
        for body in [json!({ "avatar": "javascript:alert(1)" }), json!({ "name": "a\u{202E}b" })] {
            server.api(Method::PATCH, &format!("/users/{}", text(&user, "id")), Some(body)).await.expect(400);
        }
        let body = json!({ "profile": { "nickname": "Ada", "address": { "country": "GB" } } });
        server.api(Method::PATCH, &path, Some(body)).await.expect(200);
        let application = server.application().await;
        let mut browser = server.browser("203.0.113.7");
        let code = browser.sign_in(&application, "ada", PASSWORD).await;
        let tokens = browser.exchange(&application, &code).await.expect(200).json();
        let bearer = format!("Bearer {}", text(&tokens, "access_token"));
        let claims = browser.with_header("authorization", &bearer).get("/oidc/me").await.expect(200).json();
        assert_eq!(claims["sub"], user["id"]);
        assert_eq!(claims["nickname"], "Ada");
        assert_eq!(claims["address"]["country"], "GB");
    }

    async fn forced_logout(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let (mut browser, tokens) = signed_in(&server, &application).await;
        let other = server.application().await;
        let end = |client: &str| {
            format!("/oidc/session/end?client_id={client}&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2F")
        };
        let lives = async |browser: &mut Browser| {
            let answer = browser.authorize_with(&application, &[("prompt", "none")]).await;
            answer.location_parameter("code").is_some()
        };
        for (mode, destination) in [("no-cors", "image"), ("navigate", "iframe"), ("cors", "empty")] {
            let mut embedded =
                browser.clone().with_header("sec-fetch-mode", mode).with_header("sec-fetch-dest", destination);
            let asked = embedded.get(&end(&application.id)).await;
            assert_eq!(asked.location(), "", "{mode} {destination}");
            assert!(lives(&mut browser).await, "{mode} {destination}");
        }
        assert_eq!(browser.get(&end(&other.id)).await.location(), "", "a client without a grant of this session");
        let stranger = format!("/oidc/session/end?id_token_hint={}x", text(&tokens, "id_token"));
        browser.get(&stranger).await;
        assert!(lives(&mut browser).await, "a hint that nobody signed");

        let mut navigating =
            browser.clone().with_header("sec-fetch-mode", "navigate").with_header("sec-fetch-dest", "document");
        let mut ahead = navigating.clone().with_header("sec-purpose", "prefetch;prerender");
        assert_eq!(ahead.get(&end(&application.id)).await.location(), "", "loaded ahead of the person");
        assert!(lives(&mut browser).await, "loaded ahead of the person");
        let navigated = navigating.get(&end(&application.id)).await;
        assert_eq!(navigated.location(), "https://app.example.com/");
        assert!(!lives(&mut browser).await);
    }

    async fn a_hint_of_this_session_signs_out_unasked(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let (mut browser, tokens) = signed_in(&server, &application).await;
        let mut elsewhere = server.browser("203.0.113.8");
        let code = elsewhere.sign_in(&application, "ada", PASSWORD).await;
        let foreign = elsewhere.exchange(&application, &code).await.expect(200).json();
        let end = |tokens: &Value| format!("/oidc/session/end?id_token_hint={}", text(tokens, "id_token"));
        browser.get(&end(&foreign)).await;
        let again = browser.authorize_with(&application, &[("prompt", "none")]).await;
        assert!(again.location_parameter("code").is_some(), "a hint of another session");
        browser.get(&end(&tokens)).await;
        let again = browser.authorize_with(&application, &[("prompt", "none")]).await;
        assert_eq!(again.location_parameter("error").as_deref(), Some("login_required"));
    }

    async fn session_outlives_revocation_of_machines(database: Database) {
        let mut server = TestServer::start(database).await;
        let machines = server.api(Method::GET, "/applications", None).await.expect(200).json();
        let machine = machines.as_array().unwrap().iter().find(|one| one["type"] == "MachineToMachine").unwrap();
        let path = format!("/applications/{}", text(machine, "id"));
        server.api(Method::DELETE, &path, None).await.expect(204);
        server.api(Method::GET, "/users", None).await.expect(401);
        server.renew_token().await;
        server.api(Method::GET, "/users", None).await.expect(200);
    }

    async fn several_tabs_refresh_at_once_and_a_thief_later_ends_the_family(database: Database) {
        let server = TestServer::start(database).await;
        let body = json!({
            "name": "Tabs", "type": "SPA", "oidcClientMetadata": { "redirectUris": ["https://app.example.com/callback"] },
        });
        let made = server.api(Method::POST, "/applications", Some(body)).await.expect(200).json();
        let application = Application {
            id: text(&made, "id"), secret: String::new(), redirect_uri: "https://app.example.com/callback".into(),
        };
        let (mut browser, tokens) = signed_in(&server, &application).await;
        let first = text(&tokens, "refresh_token");
        let second = browser.refresh(&application, &first).await.expect(200).json();
        server.clock.turn(2);
        let other_tab = browser.refresh(&application, &first).await.expect(200).json();
        for tokens in [&second, &other_tab] {
            browser.refresh(&application, &text(tokens, "refresh_token")).await.expect(200);
        }
        server.clock.turn(10);
        assert_eq!(browser.refresh(&application, &first).await.expect(400).json()["error"], "invalid_grant");
        let dead = browser.refresh(&application, &text(&other_tab, "refresh_token")).await;
        assert_eq!(dead.expect(400).json()["error"], "invalid_grant");
    }

    async fn a_refresh_narrows_its_scope_and_never_widens_it(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let (mut browser, tokens) = signed_in(&server, &application).await;
        let refresh = text(&tokens, "refresh_token");
        let asked = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "openid email roles")];
        assert_eq!(browser.token(&application, &asked).await.expect(400).json()["error"], "invalid_scope");
        let asked = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "openid email")];
        let narrow = browser.token(&application, &asked).await.expect(200).json();
        assert_eq!(narrow["scope"], "openid email");
        let bearer = format!("Bearer {}", text(&narrow, "access_token"));
        let claims = browser.with_header("authorization", &bearer).get("/oidc/me").await.expect(200).json();
        assert!(claims.get("username").is_none(), "{claims}");
    }

    async fn linked_identities_are_told_without_the_providers_own_words(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let user = server.user("ada", "8613800000009", PASSWORD).await;
        let details = json!({ "id": "1", "name": "Ada", "rawData": { "access_token": "TOP-SECRET" } });
        let insert = "INSERT INTO user_identities (tenant_id, target, issuer, identity_id, user_id, details, created_at) \
             VALUES ('default', 'github', '', '1', $1, $2, 0)";
        let pool = server.database.connect().await;
        sqlx::query(insert).bind(text(&user, "id")).bind(details.to_string()).execute(&pool).await.unwrap();
        let claims = async |scope: &str| {
            let mut browser = server.browser("203.0.113.7");
            browser.authorize_with(&application, &[("scope", scope)]).await.expect(303);
            browser.step(Method::PUT, "", Some(json!({ "interactionEvent": "SignIn" }))).await.expect(204);
            let body = json!({ "identifier": { "type": "username", "value": "ada" }, "password": PASSWORD });
            let verified = browser.step(Method::POST, "/verification/password", Some(body)).await.expect(200).json();
            browser.step(Method::POST, "/identification", Some(verified)).await.expect(204);
            let code = browser.submit().await;
            let tokens = browser.exchange(&application, &code).await.expect(200).json();
            let bearer = format!("Bearer {}", text(&tokens, "access_token"));
            browser.with_header("authorization", &bearer).get("/oidc/me").await.expect(200).json()
        };
        let linked = json!({ "github": { "userId": "1", "details": { "id": "1", "name": "Ada" } } });
        assert_eq!(claims("openid identities").await["identities"], linked);
        assert!(claims("openid profile").await.get("identities").is_none());
    }

    async fn introspection_tells_a_client_of_its_own_tokens_alone(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let (mut browser, tokens) = signed_in(&server, &application).await;
        let basic = |application: &Application| {
            use base64::Engine as _;
            let pair = format!("{}:{}", application.id, application.secret);
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        };
        let other = server.application().await;
        let path = "/oidc/token/introspection";
        for name in ["access_token", "refresh_token"] {
            let form = [("token", tokens[name].as_str().unwrap())];
            let own = browser.clone().with_header("authorization", &basic(&application)).post_form(path, &form).await;
            let own = own.expect(200).json();
            assert_eq!((&own["active"], &own["client_id"]), (&json!(true), &json!(application.id)), "{name}");
            let foreign = browser.clone().with_header("authorization", &basic(&other)).post_form(path, &form).await;
            assert_eq!(foreign.expect(200).json(), json!({ "active": false }), "{name}");
        }
        let unknown = browser.clone().with_header("authorization", &basic(&other)).post_form(path, &[("token", "x")]).await;
        assert_eq!(unknown.expect(200).json(), json!({ "active": false }));
        browser.post_form(path, &[("token", "x")]).await.expect(400);
    }

    async fn refusals_of_the_protocol(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut browser = server.browser("203.0.113.7");
        for (extra, error) in [
            ([("request", "eyJhbGciOiJub25lIn0.e30.")], "request_not_supported"),
            ([("request_uri", "https://app.example.com/r")], "request_uri_not_supported"),
            ([("nonce", &*"n".repeat(1025))], "invalid_request"),
            ([("login_hint", &*"n".repeat(321))], "invalid_request"),
        ] {
            let answer = browser.authorize_with(&application, &extra).await;
            assert_eq!(answer.location_parameter("error").as_deref(), Some(error), "{extra:?}");
        }
        let state = "s".repeat(6000);
        browser.authorize_with(&application, &[("state", &state)]).await.expect(303);

        let mut client = server.browser("203.0.113.7");
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "nobody"), ("client_secret", "x")];
        let refused = client.post_form("/oidc/token", &form).await.expect(401);
        assert_eq!(refused.json()["error"], "invalid_client");
        assert!(!refused.headers.contains_key("www-authenticate"), "a challenge for a client that used no header");
        let mut client = client.with_header("authorization", "basic bm9ib2R5Ong=");
        let refused = client.post_form("/oidc/token", &[("grant_type", "refresh_token")]).await.expect(401);
        assert!(refused.headers.contains_key("www-authenticate"));

        let bytes = format!("client_id={}&resource=x", application.id).into_bytes();
        let many = "&resource=x".repeat(20_000);
        let long = http::Request::post("/oidc/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body([bytes, many.into_bytes()].concat().into())
            .unwrap();
        assert_eq!(browser.send(long).await.status.as_u16(), 413);
        browser.get("/oidc/auth?state=%00").await.expect(400);
        let null = http::Request::post("/api/users").header("content-type", "application/json");
        browser.send(null.body(r#"{"username":"a\u0000"}"#.into()).unwrap()).await.expect(401);
        let refused = server.api(Method::POST, "/users", Some(json!({ "username": "a\0" }))).await.expect(400);
        assert!(refused.body.contains("username"), "{}", refused.body);
        server.api(Method::GET, "/users/%00", None).await.expect(400);
    }
}
