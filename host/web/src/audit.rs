//! An entry of the audit log for what administrators were refused, and for what no use case wrote an event of: one place, before
//! the routes of the Management API and of the console, so that no operation can be without.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use keyway_core::audit_logs::{self, Attempt};
use keyway_core::{Actor, Cx, RequestInfo};
use keyway_model::TenantId;

use crate::Web;
use crate::error::WebError;
use crate::request::{RequestId, visitor};

/// Marks an answer to a write that did nothing: a form that was drawn anew.
#[derive(Clone, Copy)]
pub struct NothingDone;

/// The code of the refusal that a page shows.
#[derive(Clone)]
pub struct RefusedFor(pub String);

/// The one write that nobody does on purpose: the preview follows every key that is pressed, and stores nothing.
const UNSEEN: &str = "/console/preview";

/// A request of an administrator, before it is carried out.
pub struct AuditedRequest {
    cx: Cx,
    attempt: Attempt,
    /// Whether it is only of interest when it is refused.
    reads: bool,
}

impl AuditedRequest {
    /// Reads what is asked for, by whom and of whose data, and gives the route its context.
    pub fn new(web: &Web, tenant: TenantId, actor: Actor, request: Request) -> (Self, Request) {
        let (mut parts, body) = request.into_parts();
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
        let given = route.split('/').zip(parts.uri.path().split('/'));
        let targets = given.filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            Some((name.to_owned(), value.chars().take(128).collect()))
        });
        let reveals = route.contains("/secrets") || parts.uri.query().is_some_and(|query| query.contains("reveal="));
        let reads = route == UNSEEN || ([Method::GET, Method::HEAD].contains(&parts.method) && !reveals);
        let attempt =
            Attempt { key: key(&parts.method, &route), targets: targets.collect(), made: None, status: 0, error: None };
        let id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let request = RequestInfo::new(id, format!("{} {route}", parts.method));
        let cx = Cx::new(&web.core, tenant, actor, visitor(web, &parts)).serving(Arc::new(request));
        parts.extensions.insert(cx.clone());
        (Self { cx, attempt, reads }, Request::from_parts(parts, body))
    }

    /// The attempt with what came of it, where no use case wrote an event: every refusal of a write, every refusal of a right,
    /// and what shows secrets.
    pub fn outcome(mut self, response: &Response) -> Option<Self> {
        let status = response.status();
        let nothing = self.reads || response.extensions().get::<NothingDone>().is_some();
        let is_written = self.cx.request().has_event() && !status.is_client_error() && !status.is_server_error();
        if is_written || (nothing && status != StatusCode::FORBIDDEN) {
            return None;
        }
        self.attempt.status = status.as_u16();
        let extensions = response.extensions();
        let shown = extensions.get::<RefusedFor>().map(|shown| shown.0.clone());
        self.attempt.error = shown.or_else(|| Some(extensions.get::<Arc<WebError>>()?.code().to_owned()));
        let made = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        self.attempt.made = made.and_then(|made| made.split(['?', '#']).next()).map(ToOwned::to_owned);
        Some(self)
    }

    /// Writes it.
    pub async fn write(self) {
        if let Err(error) = audit_logs::record(&self.cx, self.attempt).await {
            tracing::error!(?error, "an administrator's action was not audited");
        }
    }
}

/// What a form of the console changes, where its address does not end in the name of the thing.
const CHANGES: [&str; 10] = [
    "sign-in-experience",
    "phrases",
    "branding",
    "enabled",
    "password",
    "suspend",
    "sign-out",
    "approve",
    "activate",
    "roll-back",
];

/// The event's name: `Management.Users.Password.Update` for `PATCH /api/users/{userId}/password`. Forms know POST alone, so
/// that the console's addresses say the rest.
fn key(method: &Method, route: &str) -> String {
    let mut key = String::from("Management");
    let is_form = route.starts_with("/console/") && *method == Method::POST;
    let (rest, last) = route.rsplit_once('/').unwrap_or(("", route));
    let (route, verb) = match last {
        "delete" if is_form => (rest, Some(".Delete")),
        last if is_form && (last.starts_with('{') || CHANGES.contains(&last)) => (route, Some(".Update")),
        _ => (route, None),
    };
    let words = route.trim_start_matches("/api/").trim_start_matches("/console/").split('/');
    for word in words.filter(|word| !word.is_empty() && !word.starts_with('{')) {
        key.push('.');
        for part in word.split('-') {
            let mut letters = part.chars();
            key.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            key.push_str(letters.as_str());
        }
    }
    key.push_str(verb.unwrap_or(match method.as_str() {
        "GET" | "HEAD" => ".Read",
        "POST" => ".Create",
        "PUT" => ".Replace",
        "PATCH" => ".Update",
        _ => ".Delete",
    }));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_named_after_its_route() {
        assert_eq!(key(&Method::PATCH, "/api/users/{userId}/password"), "Management.Users.Password.Update");
        assert_eq!(key(&Method::PATCH, "/api/sign-in-exp"), "Management.SignInExp.Update");
        assert_eq!(key(&Method::POST, "/console/settings/keys"), "Management.Settings.Keys.Create");
        assert_eq!(key(&Method::POST, "/console/users/{id}"), "Management.Users.Update");
        assert_eq!(key(&Method::POST, "/console/users/{id}/suspend"), "Management.Users.Suspend.Update");
        assert_eq!(
            key(&Method::POST, "/console/users/{id}/sessions/{session}/delete"),
            "Management.Users.Sessions.Delete"
        );
    }
}
