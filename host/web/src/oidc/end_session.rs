//! `/oidc/session/end` (OpenID Connect RP-Initiated Logout 1.0)

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use keyway_core::Cx;
use keyway_core::oauth::{self, EndSession, SignedOut};

use super::answer::see_other;
use crate::cookies::{self, CookieKind};
use crate::error::WebError;
use crate::locale::{Locale, negotiate};
use crate::request::{Parameters, text};
use crate::{Web, guard, pages};

/// Ends the session when it is proven that its person asks; otherwise asks the person.
pub async fn end(
    State(web): State<Web>,
    cx: Cx,
    headers: HeaderMap,
    parameters: Result<Parameters, WebError>,
) -> Response {
    match parameters {
        Ok(parameters) => decide(&web, &cx, &headers, &parameters).await,
        Err(error) => Err(error),
    }
    .unwrap_or_else(|error| pages::error(&headers, error))
}

/// Whether the request may be the person's own navigation: browsers say what they load a document into, and a page that is
/// embedded or fetched is none. Programs and old browsers say nothing.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &'static str, expected: &str| {
        text(headers, header::HeaderName::from_static(name)).is_none_or(|value| value == expected)
    };
    // A page that the browser loads ahead of the person has these too.
    let is_ahead = headers.contains_key("sec-purpose");
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document") && !is_ahead
}

fn request(parameters: &Parameters) -> EndSession {
    EndSession {
        client_id: parameters.get("client_id"),
        id_token_hint: parameters.get("id_token_hint"),
        post_logout_redirect_uri: parameters.get("post_logout_redirect_uri"),
        state: parameters.get("state"),
        is_navigation: false,
        confirmed: false,
    }
}

async fn decide(web: &Web, cx: &Cx, headers: &HeaderMap, parameters: &Parameters) -> Result<Response, WebError> {
    let request = EndSession { is_navigation: is_navigation(headers), ..request(parameters) };
    let locale = negotiate(headers, parameters.get("ui_locales").as_deref(), None);
    let session = cookies::read(web, headers, CookieKind::Session);
    match oauth::end_session(cx, request, session).await? {
        SignedOut::Ask(target) => {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for name in ["client_id", "post_logout_redirect_uri", "state"] {
                if let Some(value) = parameters.get(name) {
                    query.append_pair(name, &value);
                }
            }
            let action = format!("/oidc/session/end/confirm?{}", query.finish());
            Ok(pages::ask_sign_out(locale, action, target.as_deref()))
        }
        SignedOut::Done(target) => Ok(signed_out(web, target, locale)),
    }
}

/// The person confirmed on our own page.
pub async fn confirm(State(web): State<Web>, cx: Cx, http_request: Request) -> Response {
    if !guard::is_same_site(&http_request) {
        return WebError::from(keyway_model::ErrorCode::CsrfTokenMismatch).into_response();
    }
    let (parts, _) = http_request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    match confirmed(&web, &cx, &parts.headers, query).await {
        Ok(target) => signed_out(&web, target, negotiate(&parts.headers, None, None)),
        Err(error) => pages::error(&parts.headers, error),
    }
}

async fn confirmed(web: &Web, cx: &Cx, headers: &HeaderMap, query: &str) -> Result<Option<String>, WebError> {
    let asked = EndSession { confirmed: true, ..request(&Parameters::parse(query.as_bytes())?) };
    let session = cookies::read(web, headers, CookieKind::Session);
    let (SignedOut::Done(target) | SignedOut::Ask(target)) = oauth::end_session(cx, asked, session).await?;
    Ok(target)
}

fn signed_out(web: &Web, target: Option<String>, locale: Locale) -> Response {
    let mut response = match target {
        Some(target) => see_other(&target),
        None => pages::signed_out(locale),
    };
    let (name, value) = cookies::write(web, CookieKind::Session, "");
    response.headers_mut().append(name, value);
    response
}
