//! OpenID Connect as applications see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyway_testing::{TestServer, on_both};

use super::{Transcript, text};

const PASSWORD: &str = "correct horse battery";

on_both! {
    async fn discovery(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        let mut browser = server.browser("203.0.113.7");
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"] {
            calls.by(&mut browser, &format!("GET /oidc{path}"), None).await;
        }
        calls.by(&mut browser, "GET /api/.well-known/sign-in-exp", None).await;
        calls.compare("discovery");
    }

    async fn authorization_requests(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut calls = Transcript::new(&server);
        let all: &[(&str, &[(&str, &str)])] = &[
            ("a sign-in", &[]),
            ("nobody may be asked", &[("prompt", "none")]),
            ("an unknown client", &[("client_id", "unknown")]),
            ("no client", &[("client_id", "")]),
            ("an address that is not registered", &[("redirect_uri", "https://evil.example/")]),
            ("no address", &[("redirect_uri", "")]),
            ("an implicit grant", &[("response_type", "token")]),
            ("no response type", &[("response_type", "")]),
            ("an unknown way of answering", &[("response_mode", "pigeon")]),
            ("an unknown prompt", &[("prompt", "often")]),
            ("an unknown scope", &[("scope", "openid nonsense")]),
            ("an unknown resource", &[("resource", "https://unknown.example")]),
            ("a plain challenge", &[("code_challenge_method", "plain")]),
            ("a short challenge", &[("code_challenge", "x")]),
            ("an age that is no number", &[("max_age", "old")]),
            ("a request object", &[("request", "x")]),
        ];
        for (shown, parameters) in all {
            let answer = server.browser("203.0.113.7").authorize_with(&application, parameters).await;
            calls.record("GET /oidc/auth", shown, &answer);
        }
        calls.compare("authorization_requests");
    }

    async fn tokens(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", "8613800000009", PASSWORD).await;
        let mut calls = Transcript::new(&server);
        let mut browser = server.browser("203.0.113.7");
        let code = browser.sign_in(&application, "ada", PASSWORD).await;
        let answer = browser.exchange(&application, &code).await;
        let tokens = calls.record("POST /oidc/token", "the code", &answer);
        calls.claims(text(&tokens, "id_token"));
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", application.id, application.secret)));
        let mut client = server.browser("203.0.113.8").with_header("authorization", &basic);

        let bearer = format!("Bearer {}", text(&tokens, "access_token"));
        let mut holder = server.browser("203.0.113.8").with_header("authorization", &bearer);
        calls.by(&mut holder, "GET /oidc/me", None).await;
        calls.by(&mut server.browser("203.0.113.8"), "GET /oidc/me", None).await;
        let mut guesser = server.browser("203.0.113.8").with_header("authorization", "Bearer x");
        calls.by(&mut guesser, "GET /oidc/me", None).await;
        for token in ["access_token", "refresh_token"] {
            let form = [("token", text(&tokens, token))];
            calls.form(&mut client, "/oidc/token/introspection", &form).await;
        }
        calls.form(&mut client, "/oidc/token/introspection", &[("token", "x")]).await;
        calls.form(&mut client, "/oidc/token/introspection", &[]).await;
        calls.form(&mut server.browser("203.0.113.8"), "/oidc/token/introspection", &[("token", "x")]).await;

        let refresh = text(&tokens, "refresh_token").to_owned();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let renewed = calls.form(&mut client, "/oidc/token", &form).await.json();
        let form = [("token", text(&renewed, "refresh_token"))];
        calls.form(&mut client, "/oidc/token/revocation", &form).await;
        calls.form(&mut client, "/oidc/token/introspection", &form).await;
        calls.form(&mut client, "/oidc/token/revocation", &[("token", "x")]).await;
        calls.form(&mut client, "/oidc/token/revocation", &[]).await;
        calls.form(&mut server.browser("203.0.113.8"), "/oidc/token/revocation", &[("token", "x")]).await;
        calls.compare("tokens");
    }

    async fn refused_tokens(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut calls = Transcript::new(&server);
        let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{}:{secret}", application.id)));
        let mut client = server.browser("203.0.113.8").with_header("authorization", &basic(&application.secret));
        let code = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", &application.redirect_uri)];
        let forms: [&[(&str, &str)]; 8] = [
            &[],
            &[("grant_type", "password")],
            &[("grant_type", "authorization_code")],
            &code,
            &[("grant_type", "refresh_token")],
            &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            &[("grant_type", "client_credentials")],
            &[("grant_type", "client_credentials"), ("resource", "https://default.logto.app/api"), ("scope", "all")],
        ];
        for form in forms {
            calls.form(&mut client, "/oidc/token", form).await;
        }
        let mut liar = server.browser("203.0.113.8").with_header("authorization", &basic("x"));
        calls.form(&mut liar, "/oidc/token", &code).await;
        let mut nobody = server.browser("203.0.113.8");
        calls.form(&mut nobody, "/oidc/token", &code).await;
        calls.form(&mut nobody, "/oidc/token", &[("client_id", "unknown"), ("grant_type", "authorization_code")]).await;
        calls.form(&mut nobody, "/oidc/token", &[("grant_type", "a"), ("grant_type", "b")]).await;
        calls.compare("refused_tokens");
    }

    async fn machines(database: Database) {
        let server = TestServer::start(database).await;
        let (id, secret) =
            keyway_core::applications::create_management(&keyway_core::Cx::system(&server.core, "default".into()), "Robot".into()).await.unwrap();
        let mut calls = Transcript::new(&server);
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let mut client = server.browser("203.0.113.8").with_header("authorization", &basic);
        let grant = ("grant_type", "client_credentials");
        let management = ("resource", "https://default.logto.app/api");
        let token = calls.form(&mut client, "/oidc/token", &[grant, management, ("scope", "all")]).await.json();
        calls.claims(text(&token, "access_token"));
        calls.form(&mut client, "/oidc/token", &[grant, management]).await;
        calls.form(&mut client, "/oidc/token", &[grant, management, ("scope", "nonsense")]).await;
        calls.form(&mut client, "/oidc/token", &[grant, ("resource", "https://unknown.example")]).await;
        calls.form(&mut client, "/oidc/token/introspection", &[("token", text(&token, "access_token"))]).await;
        calls.compare("machines");
    }
}
