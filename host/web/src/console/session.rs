//! Signing in to the console by Keyway's own OpenID Connect, and the guard before every page.
//!
//! The console is a public client with PKCE. What proves a finished sign-in is a sealed cookie that names the administrator; it
//! counts only beside the browser's own session of the same person, so that ending that session ends this one.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use keyway_core::console::{CALLBACK, CONSOLE};
use keyway_core::oauth::{self, ClientCredentials, TokenParameters};
use keyway_core::secret;
use keyway_core::{Actor, Cx};
use keyway_model::tenant::Tenant;
use keyway_model::user::User;
use keyway_model::{ErrorCode, TenantId};
use serde::{Deserialize, Serialize};

use super::address::{self, base, landing};
use super::page::{self, Kept, Notice};
use crate::Web;
use crate::audit::AuditedRequest;
use crate::cookies::{self, CookieKind};
use crate::declaration::AuthorizationTable;
use crate::error::WebError;
use crate::guard;
use crate::locale::{Locale, negotiate};
use crate::oidc::answer::see_other;
use crate::pages::render;
use crate::request::{Parameters, text, wants_page};

/// The contexts under which the two cookies are sealed.
const FLOW: &str = "console-flow";
const SESSION: &str = "console-session";

/// How long a console session lasts, in seconds.
pub const TTL: i64 = 8 * 3600;

/// How long after a sign-in secrets are shown and access is handed on, in seconds: a browser left open, or a cookie that was
/// stolen, is not enough for what outlives it (ASVS 5.0, 7.5.3).
const FRESH: i64 = 15 * 60;

/// A sign-in under way.
#[derive(Serialize, Deserialize)]
struct PendingSignIn {
    state: String,
    verifier: String,
    to: String,
}

/// A finished one.
#[derive(Serialize, Deserialize)]
struct ConsoleSession {
    user: String,
    until: i64,
}

/// Who asks, after the guard.
#[derive(Clone)]
pub struct Admin {
    /// The administrator.
    pub user: User,
    /// Scopes of the Management API.
    pub scopes: Vec<String>,
    /// The reader's language.
    pub locale: Locale,
    /// Whether the password was typed in the last [`FRESH`] seconds.
    pub is_fresh: bool,
    /// What the action that led to this page did.
    pub notice: Option<Notice>,
    /// The tenant that is administered.
    pub tenant: TenantId,
    /// All that can be.
    pub tenants: Arc<[Tenant]>,
}

impl Admin {
    /// What others call this administrator.
    pub fn name(&self) -> String {
        name_of(&self.user)
    }

    /// The address of a page of the tenant that is administered; `path` is what stands after that of the first page.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", base(&self.tenant))
    }

    /// The same after a tenant went: at the pages of another where it was the one that was administered.
    pub fn leaving(self, gone: &TenantId) -> Self {
        if self.tenant == *gone { Self { tenant: landing(), ..self } } else { self }
    }

    /// Where the tenant is reached, without a slash at its end; empty for one that is not there.
    pub fn endpoint(&self) -> &str {
        let known = self.tenants.iter().find(|known| known.id == self.tenant);
        known.and_then(|known| known.address.as_ref()).map(|address| address.endpoint.as_str()).unwrap_or_default()
    }

    /// Whether the tenant is there.
    fn is_tenant_known(&self) -> bool {
        self.tenants.iter().any(|known| known.id == self.tenant)
    }
}

/// What people call an administrator.
pub fn name_of(user: &User) -> String {
    user.name.clone().or_else(|| user.username.clone()).unwrap_or_else(|| user.id.0.clone())
}

/// Only paths of the console: anything else would make the sign-in an open redirect.
fn destination(wish: Option<String>) -> String {
    wish.filter(|path| path == "/console" || path.starts_with("/console/") || path.starts_with("/console?"))
        .filter(|path| !path.contains(['\\', '\n', '\r']))
        .unwrap_or_else(|| "/console".into())
}

/// `GET /console/sign-in`: to the sign-in pages.
pub async fn sign_in(State(web): State<Web>, parameters: Parameters) -> Result<Response, WebError> {
    let ((state, _), (verifier, challenge)) = (web.core.new_verifier(), web.core.new_verifier());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("client_id", CONSOLE)
        .append_pair("redirect_uri", &format!("{}{CALLBACK}", web.core.endpoint(&web.tenant)))
        .append_pair("response_type", "code")
        .append_pair("scope", "openid profile")
        .append_pair("state", &state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    if parameters.get("fresh").is_some() {
        query.append_pair("prompt", "login");
    }
    let flow = PendingSignIn { state, verifier, to: destination(parameters.get("to")) };
    let sealed = web.core.seal_for_browser(FLOW, &serde_json::to_string(&flow).unwrap_or_default())?;
    let mut response = see_other(&format!("/oidc/auth?{}", query.finish()));
    let (name, value) = cookies::write(&web, CookieKind::ConsoleFlow, &sealed);
    response.headers_mut().append(name, value);
    Ok(response)
}

/// `GET /console/callback`: back with a code.
pub async fn callback(State(web): State<Web>, cx: Cx, headers: HeaderMap, parameters: Parameters) -> Response {
    let finish = async {
        let sealed = cookies::read(&web, &headers, CookieKind::ConsoleFlow).unwrap_or_default();
        let flow = web
            .core
            .open_from_browser(FLOW, &sealed)
            .and_then(|text| serde_json::from_str::<PendingSignIn>(&text).ok());
        let flow = flow.ok_or(ErrorCode::SessionNotFound)?;
        if !secret::equal(&flow.state, &parameters.get("state").unwrap_or_default()) {
            // Another tab began to sign in since. The code is not used: it may be a stranger's (RFC 6749, 10.12).
            return Ok(see_other("/console"));
        }
        let client = ClientCredentials { basic: None, client_id: Some(CONSOLE.into()), client_secret: None };
        let asked = TokenParameters {
            grant_type: "authorization_code".into(),
            code: parameters.get("code"),
            redirect_uri: Some(format!("{}{CALLBACK}", web.core.endpoint(&web.tenant))),
            code_verifier: Some(flow.verifier),
            refresh_token: None,
            resource: None,
            scope: None,
        };
        let tokens = oauth::token(&cx, &client, asked).await?;
        let claims = oauth::userinfo(&cx, &tokens.access_token).await?;
        let user = claims.get("sub").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let signed = ConsoleSession { user, until: cx.now.seconds() + TTL };
        let sealed = web.core.seal_for_browser(SESSION, &serde_json::to_string(&signed).unwrap_or_default())?;
        let mut response = see_other(&flow.to);
        for (name, value) in
            [cookies::write(&web, CookieKind::Console, &sealed), cookies::write(&web, CookieKind::ConsoleFlow, "")]
        {
            response.headers_mut().append(name, value);
        }
        Ok(response)
    };
    finish.await.unwrap_or_else(|error: WebError| render::error(&headers, error))
}

/// `POST /console/sign-out`: ends the session of this browser.
pub async fn sign_out(State(web): State<Web>) -> Response {
    let back = format!("{}/console", web.core.endpoint(&web.tenant));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", CONSOLE).append_pair("post_logout_redirect_uri", &back);
    let mut response = see_other(&format!("/oidc/session/end?{}", query.finish()));
    let (name, value) = cookies::write(&web, CookieKind::Console, "");
    response.headers_mut().append(name, value);
    response
}

/// What the check before the pages knows.
#[derive(Clone)]
pub struct ConsoleGuard {
    /// The listener.
    pub web: Web,
    /// What each page asks for.
    pub authorization: Arc<AuthorizationTable>,
}

/// Lets an administrator through who holds the scope that the route asks for, from a page of the console itself.
pub async fn authorize(State(guarded): State<ConsoleGuard>, request: Request, next: Next) -> Response {
    let ConsoleGuard { web, authorization } = guarded;
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    if !reads && !guard::is_own_page(&request) {
        return render::error(request.headers(), ErrorCode::CsrfTokenMismatch.into());
    }
    let tenant = address::tenant(&request);
    let signed = match signed_in(&web, &tenant, request.headers()).await {
        Ok(signed) => signed,
        Err(error) => return render::error(request.headers(), error),
    };
    let Some(admin) = signed else { return to_sign_in(&request, false) };
    if !admin.is_tenant_known() {
        return page::no_tenant(&Admin { tenant: landing(), ..admin });
    }
    if !admin.is_fresh && is_sensitive(&request) {
        return to_sign_in(&request, true);
    }
    let needed = authorization.scope(&request);
    let owner = if is_of_operators(&request) { web.tenant.clone() } else { tenant.clone() };
    let (audited, mut request) = AuditedRequest::new(&web, owner, Actor::Administrator(admin.user.id.clone()), request);
    // Whoever is signed in may sign out.
    if !needed.is_within(&admin.scopes) && request.uri().path() != "/console/sign-out" {
        let response = page::forbidden(&admin);
        if let Some(attempt) = audited.outcome(&response) {
            attempt.write().await;
        }
        return response;
    }
    let notice = admin.notice.filter(|_| reads);
    request.extensions_mut().insert(admin);
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    if let Some(attempt) = audited.outcome(&response) {
        attempt.write().await;
    }
    if let Some(Kept(notice)) = response.extensions().get::<Kept>() {
        let (name, value) = cookies::write(&web, CookieKind::Notice, notice);
        response.headers_mut().append(name, value);
    } else if notice.is_some() && is_html(&response) {
        let (name, value) = cookies::write(&web, CookieKind::Notice, "");
        response.headers_mut().append(name, value);
    }
    // A page that answers a write has no address of its own: it does not enter the browser's history, where a reload or Back
    // would ask for it by GET.
    if !reads {
        response.headers_mut().insert("hx-push-url", HeaderValue::from_static("false"));
    }
    // A handler's error is JSON for programs; whoever asked for a page gets one.
    match response.extensions().get::<Arc<WebError>>() {
        Some(error) if wants_page(&headers) => render::error_page(&headers, error),
        _ => response,
    }
}

/// Whether an answer is a page, which shows a notice, and not a sheet or a picture.
fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

async fn signed_in(web: &Web, tenant: &TenantId, headers: &HeaderMap) -> Result<Option<Admin>, WebError> {
    let sealed = cookies::read(web, headers, CookieKind::Console);
    let text = sealed.and_then(|sealed| web.core.open_from_browser(SESSION, &sealed));
    let signed = text.and_then(|text| serde_json::from_str::<ConsoleSession>(&text).ok());
    let Some(signed) = signed.filter(|signed| signed.until > web.core.now().seconds()) else { return Ok(None) };
    let Some(session) = cookies::read(web, headers, CookieKind::Session) else { return Ok(None) };
    let found = web.core.administrator(&session).await?.filter(|(found, _)| found.user.id.0 == signed.user);
    let locale = negotiate(headers, None, None);
    let notice = cookies::read(web, headers, CookieKind::Notice).and_then(|text| Notice::of_cookie(&text, tenant));
    Ok(found.map(|(found, at)| Admin {
        user: found.user,
        scopes: found.scopes,
        locale,
        is_fresh: web.core.now().seconds() - at.seconds() < FRESH,
        notice,
        tenant: tenant.clone(),
        tenants: web.core.tenants_of_users(),
    }))
}

/// A page that is asked for comes after the sign-in; what was to be done is not repeated on its own.
fn to_sign_in(request: &Request, fresh: bool) -> Response {
    let to = if request.method() == Method::GET {
        address::full(request)
    } else {
        // What was to be done is not repeated on its own; the page on which it was asked for is shown again.
        let page = text(request.headers(), header::HeaderName::from_static("hx-current-url"));
        let page = page.and_then(|page| url::Url::parse(page).ok());
        page.map_or_else(|| "/console".into(), |page| page.path().to_owned())
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("to", &to);
    if fresh {
        query.append_pair("fresh", "1");
    }
    let target = format!("/console/sign-in?{}", query.finish());
    if text(request.headers(), header::HeaderName::from_static("hx-request")).is_none() {
        return see_other(&target);
    }
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    if let Ok(value) = HeaderValue::from_str(&target) {
        response.headers_mut().insert("hx-redirect", value);
    }
    response
}

/// Whether a page is about the installation, whoever's pages it stands beside: about tenants, or about administrators.
fn is_of_operators(request: &Request) -> bool {
    let path = request.uri().path().trim_start_matches("/console/");
    path.split('/').next() == Some("tenants") || path.starts_with("settings/administrators")
}

/// Whether something is asked for that shows a secret, hands on access or ends a tenant: it outlives the session that asks for it.
fn is_sensitive(request: &Request) -> bool {
    let path = request.uri().path().trim_start_matches("/console/");
    let reveals = request.uri().query().is_some_and(|query| query.contains("reveal="));
    let parts: Vec<&str> = path.split('/').collect();
    reveals
        || (request.method() == Method::POST
            && matches!(
                parts.as_slice(),
                ["applications", _, "secrets"]
                    | ["users", _, "link" | "password"]
                    | ["settings", "keys" | "administrators" | "machines", ..]
                    | ["tenants", _, "delete"]
            ))
}

#[cfg(test)]
mod tests {
    use keyway_model::resource::ManagementScope;

    use super::*;

    #[test]
    fn open_redirect_through_the_sign_in_is_refused() {
        assert_eq!(destination(Some("/console/users?page=2".into())), "/console/users?page=2");
        for bad in ["//evil.example", "https://evil.example", "/consoleevil", "/console/\\evil", "/oidc/auth", ""] {
            assert_eq!(destination(Some(bad.into())), "/console", "{bad}");
        }
    }

    /// What opens a page without the scope that opens everything.
    const NARROW: [(&str, &str, ManagementScope); 19] = [
        ("GET", "/console", ManagementScope::ConnectorsView),
        ("GET", "/console/connector-test/{factory}", ManagementScope::ConnectorsView),
        ("POST", "/console/connector-test/{factory}", ManagementScope::ConnectorsTest),
        ("GET", "/console/connectors", ManagementScope::ConnectorsView),
        ("GET", "/console/connectors/new", ManagementScope::ConnectorsView),
        ("GET", "/console/connectors/set-up/{factory}", ManagementScope::ConnectorsView),
        ("POST", "/console/connectors/set-up/{factory}", ManagementScope::ConnectorsConfigure),
        ("GET", "/console/connectors/{id}", ManagementScope::ConnectorsView),
        ("POST", "/console/connectors/{id}", ManagementScope::ConnectorsConfigure),
        ("POST", "/console/connectors/{id}/delete", ManagementScope::ConnectorsConfigure),
        ("POST", "/console/connectors/{id}/enabled", ManagementScope::ConnectorsConfigure),
        ("POST", "/console/modules", ManagementScope::ConnectorsUpload),
        ("GET", "/console/modules/new", ManagementScope::ConnectorsView),
        ("GET", "/console/modules/{id}", ManagementScope::ConnectorsView),
        ("POST", "/console/modules/{id}/roll-back", ManagementScope::ConnectorsApprove),
        ("POST", "/console/modules/{id}/{digest}/activate", ManagementScope::ConnectorsApprove),
        ("POST", "/console/modules/{id}/{digest}/approve", ManagementScope::ConnectorsApprove),
        ("POST", "/console/modules/{id}/{digest}/delete", ManagementScope::ConnectorsApprove),
        ("POST", "/console/sign-out", ManagementScope::ConnectorsView),
    ];

    #[test]
    fn privilege_escalation_each_page_asks_for_its_scope() {
        let (_, authorization) = crate::console::pages().into_router();
        let narrow: Vec<_> = authorization.rows().filter(|(_, _, scope)| *scope != ManagementScope::All).collect();
        assert_eq!(narrow, NARROW);
        assert_eq!(authorization.rows().count(), 83);
    }
}
