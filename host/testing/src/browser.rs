//! Who calls: a browser with cookies and an address, without a window.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::digest;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::form_urlencoded;

use crate::server::ADMIN_ENDPOINT;

/// A registered web application.
#[derive(Debug, Clone)]
pub struct Application {
    /// Client id.
    pub id: String,
    /// Client secret.
    pub secret: String,
    /// The registered redirect address.
    pub redirect_uri: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body as text.
    pub body: String,
}

impl Answer {
    /// Stops the test unless this is the status.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "the check is what it is called for")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The error code in the body, or empty.
    pub fn code(&self) -> String {
        self.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Where it redirects to, or empty.
    pub fn location(&self) -> String {
        self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// A parameter of the address that it redirects to.
    pub fn location_parameter(&self, name: &str) -> Option<String> {
        parameter(&self.location(), name)
    }

    /// The value of a hidden or visible input of an HTML page.
    pub fn input(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\""))?;
        let (tag, _) = rest.split_once('>')?;
        let (_, value) = tag.split_once("value=\"")?;
        Some(value.split('"').next()?.to_owned())
    }
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A browser, or a program, at an address.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    origin: &'static str,
    address: IpAddr,
    cookies: BTreeMap<String, String>,
    headers: Vec<(String, String)>,
    verifier: String,
}

impl Browser {
    pub(crate) fn new(router: Router, origin: &'static str, address: &str) -> Self {
        let verifier = "a-verifier-of-the-test-that-is-long-enough-for-pkce".to_owned();
        Self {
            router,
            origin,
            address: address.parse().unwrap(),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
            verifier,
        }
    }

    /// The same at another address of the server, such as that of another tenant.
    #[must_use]
    pub fn at(self, origin: &'static str) -> Self {
        Self { origin, ..self }
    }

    /// Sends this header with every request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// The cookies, by name.
    pub fn cookies_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.cookies
    }

    /// Sends a request as it is, and keeps the cookies of the answer.
    pub async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::new(self.address, 40_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        for (name, value) in &self.headers {
            request.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let host = self.origin.split_once("://").map_or(self.origin, |(_, host)| host);
        let request = Request::builder().method(&method).uri(path).header(header::HOST, host);
        if method == Method::GET { request } else { request.header(header::ORIGIN, self.origin) }
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Sends a form.
    pub async fn post_form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Sends bytes of a media type.
    pub async fn post_bytes(&mut self, path: &str, media_type: &str, bytes: Vec<u8>) -> Answer {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, media_type);
        self.send(request.body(Body::from(bytes)).unwrap()).await
    }

    /// Sends JSON, or nothing.
    pub async fn json(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path).header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    /// A step of the Experience API; `path` is below `/api/experience`.
    pub async fn step(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.json(method, &format!("/api/experience{path}"), body).await
    }

    /// Asks for a sign-in; `extra` overrides or, with an empty value, leaves out parameters.
    pub async fn authorize_with(&mut self, application: &Application, extra: &[(&str, &str)]) -> Answer {
        let challenge = digest::digest(&digest::SHA256, self.verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(challenge.as_ref());
        let mut parameters: BTreeMap<&str, &str> = [
            ("client_id", application.id.as_str()),
            ("redirect_uri", application.redirect_uri.as_str()),
            ("response_type", "code"),
            ("prompt", "consent"),
            ("scope", "openid offline_access profile phone email"),
            ("state", "a state"),
            ("code_challenge_method", "S256"),
            ("code_challenge", challenge.as_str()),
        ]
        .into();
        parameters.extend(extra.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.get(&format!("/oidc/auth?{query}")).await
    }

    /// Asks for a sign-in.
    pub async fn authorize(&mut self, application: &Application) -> Answer {
        self.authorize_with(application, &[]).await
    }

    /// A request to the token endpoint with the application's secret.
    pub async fn token(&mut self, application: &Application, fields: &[(&str, &str)]) -> Answer {
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", application.id, application.secret)));
        let mut client = self.clone().with_header("authorization", &basic);
        client.post_form("/oidc/token", fields).await
    }

    /// Exchanges an authorization code.
    pub async fn exchange(&mut self, application: &Application, code: &str) -> Answer {
        let verifier = self.verifier.clone();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &application.redirect_uri),
            ("code_verifier", &verifier),
        ];
        self.token(application, &fields).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&mut self, application: &Application, refresh_token: &str) -> Answer {
        self.token(application, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// Starts an interaction with an event, such as `SignIn`.
    pub async fn start(&mut self, application: &Application, event: &str) {
        self.authorize(application).await.expect(303);
        self.step(Method::PUT, "", Some(json!({ "interactionEvent": event }))).await.expect(204);
    }

    /// Ends an interaction; the authorization code.
    pub async fn submit(&mut self) -> String {
        let answer = self.step(Method::POST, "/submit", None).await.expect(200).json();
        let to = answer.get("redirectTo").and_then(Value::as_str).unwrap();
        parameter(to, "code").unwrap()
    }

    /// Asks for the console with the session that the browser has; the path that the console gets its code at.
    pub async fn begin_console_sign_in(&mut self) -> String {
        let begun = self.get("/console/sign-in").await.expect(303).location();
        let back = self.get(&begun).await.expect(303).location();
        let callback = back.strip_prefix(ADMIN_ENDPOINT).unwrap().to_owned();
        assert!(callback.starts_with("/console/callback"), "{back}");
        callback
    }

    /// Signs in by username and password; the authorization code.
    pub async fn sign_in(&mut self, application: &Application, username: &str, password: &str) -> String {
        self.start(application, "SignIn").await;
        let body = json!({ "identifier": { "type": "username", "value": username }, "password": password });
        let verified = self.step(Method::POST, "/verification/password", Some(body)).await.expect(200).json();
        self.step(Method::POST, "/identification", Some(verified)).await.expect(204);
        self.submit().await
    }

    /// Asks for a code; the verification's id.
    pub async fn send_code(&mut self, phone: &str, event: &str) -> Answer {
        let body = json!({ "identifier": { "type": "phone", "value": phone }, "interactionEvent": event });
        self.step(Method::POST, "/verification/verification-code", Some(body)).await
    }

    /// Types a code.
    pub async fn verify_code(&mut self, phone: &str, verification_id: &str, code: &str) -> Answer {
        let body = json!({
            "identifier": { "type": "phone", "value": phone }, "verificationId": verification_id, "code": code,
        });
        self.step(Method::POST, "/verification/verification-code/verify", Some(body)).await
    }
}
