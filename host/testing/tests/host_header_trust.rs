//! Nothing that leaves the server is taken from what a request says of the server's own name or scheme.

use http::{Method, header};
use keyway_core::administrators;
use keyway_testing::{Answer, Browser, Options, TestServer, on_both};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";
const PHONE: &str = "8613800131000";

/// What is true of a server, whatever its requests say.
#[derive(Clone, Copy)]
struct Truth {
    https: bool,
}

impl Truth {
    fn scheme(self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    fn lie(self) -> &'static str {
        if self.https { "http" } else { "https" }
    }

    /// The beginning of the users' or the operators' addresses.
    fn origin(self, port: u16) -> String {
        format!("{}://localhost:{port}", self.scheme())
    }

    /// Lies about the server in every header that proxies use.
    fn lying(self, browser: Browser) -> Browser {
        let forwarded = format!("for=192.0.2.1;host=evil.example;proto={}", self.lie());
        let ssl = if self.https { "off" } else { "on" };
        let lies = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-server", "evil.example"),
            ("x-forwarded-proto", self.lie()),
            ("x-forwarded-protocol", self.lie()),
            ("x-forwarded-scheme", self.lie()),
            ("x-forwarded-ssl", ssl),
            ("front-end-https", ssl),
            ("x-url-scheme", self.lie()),
            ("x-forwarded-port", "8443"),
            ("x-forwarded-prefix", "/evil.example"),
            ("x-original-host", "evil.example"),
            ("x-original-url", "/evil.example"),
            ("x-rewrite-url", "/evil.example"),
            ("forwarded", &forwarded),
            ("sec-fetch-site", "same-origin"),
        ];
        lies.into_iter().fold(browser, |browser, (name, value)| browser.with_header(name, value))
    }

    /// Stops the test if the answer repeats a lie: the name anywhere, or links, cookies and headers of the other scheme.
    #[track_caller]
    fn honest(self, answer: Answer) -> Answer {
        let said = format!("{:?} {}", answer.headers, answer.body);
        let (link, encoded) = (format!("{}://localhost", self.lie()), format!("{}%3A%2F%2Flocalhost", self.lie()));
        for lie in ["evil.example", &link, &encoded, ":8443", "%3A8443"] {
            assert!(!said.contains(lie), "{lie}: {said}");
        }
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let is_secure = cookie.split(';').any(|part| part.trim().eq_ignore_ascii_case("secure"));
            assert_eq!((is_secure, cookie.starts_with("__Host-")), (self.https, self.https), "{cookie}");
            assert!(!cookie.to_ascii_lowercase().contains("domain="), "{cookie}");
        }
        let hsts = answer.headers.get(header::STRICT_TRANSPORT_SECURITY).map(|value| value.to_str().unwrap());
        assert_eq!(hsts, self.https.then_some("max-age=31536000"), "{said}");
        answer
    }
}

/// The whole way of users and operators with requests that lie, and everything that is sent or stored by them.
async fn told_lies(server: &TestServer, truth: Truth, address: &str) {
    let (users, operators) = (truth.origin(3001), truth.origin(3002));
    let issuer = format!("{users}/oidc");
    let honest = |answer| truth.honest(answer);
    let application = server.application().await;
    server.user("ada", PHONE, PASSWORD).await;
    let mut browser = truth.lying(server.browser(address));

    for document in ["openid-configuration", "oauth-authorization-server"] {
        let path = format!("/oidc/.well-known/{document}");
        let document = honest(browser.get(&path).await.expect(200)).json();
        assert_eq!(document, server.browser(address).get(&path).await.expect(200).json());
        assert_eq!(document.get("issuer"), Some(&json!(issuer)));
    }

    // The whole way by the pages.
    let way = honest(browser.authorize(&application).await.expect(303)).location();
    let page = honest(browser.get(&way).await.expect(200));
    let csrf = page.input("csrf").unwrap();
    let form = [("csrf", &*csrf), ("identifier", "ada"), ("password", PASSWORD)];
    let landed = honest(browser.post_form(&way, &form).await.expect(303));
    assert!(landed.location().starts_with(&application.redirect_uri), "{}", landed.location());
    assert_eq!(landed.location_parameter("iss").as_deref(), Some(&*issuer));
    let code = landed.location_parameter("code").unwrap();
    let tokens = honest(browser.exchange(&application, &code).await.expect(200)).json();
    let token = tokens.get("id_token").and_then(Value::as_str).unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims.get("iss"), Some(&json!(issuer)));
    honest(browser.get("/oidc/session/end").await);
    for path in ["/", "/sign-in", "/register", "/forgot-password", "/nowhere", "/welcome"] {
        honest(browser.get(path).await);
    }

    // Messages, by the API, and of a forgotten password by the page.
    for (event, phone) in [("SignIn", PHONE), ("Register", "8613700131000")] {
        let mut browser = truth.lying(server.browser(address));
        honest(browser.authorize(&application).await.expect(303));
        let begin = Some(json!({ "interactionEvent": event }));
        honest(browser.step(Method::PUT, "", begin).await.expect(204));
        honest(browser.send_code(phone, event).await.expect(200));
    }
    server.clock.turn(61);
    let mut forgetful = truth.lying(server.browser(address));
    let way = honest(forgetful.authorize_with(&application, &[("first_screen", "reset_password")]).await.expect(303))
        .location();
    let page = honest(forgetful.get(&way).await.expect(200));
    let csrf = page.input("csrf").unwrap();
    honest(forgetful.post_form(&way, &[("csrf", &*csrf), ("identifier", PHONE)]).await.expect(303));
    server.inbox.holds(3).await;
    let usages: Vec<String> = server.inbox.all().into_iter().map(|message| message.usage).collect();
    assert_eq!(usages, ["SignIn", "Register", "ForgotPassword"]);
    assert!(!format!("{:?}", server.inbox.all()).contains("evil.example"));

    // The console, and the links that make and restore administrators.
    let mut operator = truth.lying(server.operators_browser(address));
    let mut way = "/console".to_owned();
    for _ in 0..4 {
        let answer = honest(operator.get(&way).await);
        if answer.location().is_empty() {
            break;
        }
        way = answer.location();
        if let Some(redirect_uri) = answer.location_parameter("redirect_uri") {
            assert_eq!(redirect_uri, format!("{operators}/console/callback"));
        }
        way = way.trim_start_matches(&*operators).to_owned();
        assert!(way.starts_with('/'), "{way}");
    }
    assert!(way.contains("interaction="), "the console's sign-in was reached: {way}");
    let link = administrators::first_link(&server.operators()).await.unwrap().unwrap();
    assert!(link.starts_with(&format!("{operators}/")), "{link}");
    let secret = link.split_once("secret=").unwrap().1.to_owned();
    let form = [("secret", &*secret), ("username", "grace"), ("password", PASSWORD)];
    let welcomed = honest(operator.post_form("/welcome", &form).await.expect(303));
    assert_eq!(welcomed.location(), "/console");

    for (table, rows) in server.database.texts().await {
        let lie = format!("{}://localhost", truth.lie());
        let lies = |row: &&String| row.contains("evil.example") || row.contains(&lie) || row.contains("192.0.2.1");
        assert_eq!(rows.iter().find(lies), None, "{table}");
    }
}

/// The addresses in the audit log of the users' tenant.
async fn logged(server: &TestServer) -> Vec<String> {
    let logs = server.api(Method::GET, "/logs?logKey=Interaction.SignIn.Update", None).await.expect(200).json();
    let all = logs.as_array().unwrap();
    all.iter()
        .map(|entry| entry.pointer("/payload/ip").and_then(Value::as_str).unwrap_or_default().to_owned())
        .collect()
}

on_both! {
    async fn host_header_trust(database: Database) {
        let server = TestServer::start(database).await;
        told_lies(&server, Truth { https: false }, "203.0.113.7").await;
    }

    async fn host_header_trust_of_a_server_behind_tls(database: Database) {
        let options = Options { https: true, ..Options::default() };
        let server = TestServer::start_with(database, options).await;
        told_lies(&server, Truth { https: true }, "203.0.113.7").await;
    }

    async fn a_trusted_proxy_says_for_whom_it_speaks_and_nothing_else(database: Database) {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let options = Options { https: true, trusted_proxies, ..Options::default() };
        let server = TestServer::start_with(database, options).await;
        told_lies(&server, Truth { https: true }, "10.0.0.1").await;
        let application = server.application().await;
        for (peer, said, counted) in [
            ("10.0.0.1", "198.51.100.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.9, unknown, 10.0.0.3", "10.0.0.3"),
            ("10.0.0.1", "198.51.100.2:4711", "198.51.100.2"),
            ("203.0.113.20", "198.51.100.3", "203.0.113.20"),
            ("203.0.113.21", "198.51.100.3, 10.0.0.2", "203.0.113.21"),
        ] {
            server.clock.turn(1);
            let lying = Truth { https: true }.lying(server.browser(peer));
            lying.with_header("x-forwarded-for", said).start(&application, "SignIn").await;
            assert_eq!(logged(&server).await.first().map(String::as_str), Some(counted), "{peer}: {said}");
        }
    }
}
