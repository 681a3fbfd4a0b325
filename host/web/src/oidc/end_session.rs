//! `/oidc/session/end` (OpenID Connect RP-Initiated Logout 1.0)

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use keyway_core::oauth::{EndSession, SignedOut};

use super::answer::see_other;
use crate::cookies::{self, Kind};
use crate::error::WebError;
use crate::request::{Parameters, is_chinese};
use crate::{Web, guard, pages};

/// Ends the session when a known application asks; otherwise asks the person.
pub async fn end(State(web): State<Web>, headers: HeaderMap, parameters: Result<Parameters, WebError>) -> Response {
    match parameters {
        Ok(parameters) => decide(&web, &headers, &parameters).await,
        Err(error) => Err(error),
    }
    .unwrap_or_else(|error| pages::error(&headers, error))
}

async fn decide(web: &Web, headers: &HeaderMap, parameters: &Parameters) -> Result<Response, WebError> {
    let request = EndSession {
        client_id: parameters.get("client_id"),
        id_token_hint: parameters.get("id_token_hint"),
        post_logout_redirect_uri: parameters.get("post_logout_redirect_uri"),
        state: parameters.get("state"),
        confirmed: false,
    };
    let chinese = is_chinese(headers, parameters.get("ui_locales").as_deref());
    let session = cookies::read(web, headers, Kind::Session);
    match web.core.end_session(&web.tenant, request, session).await? {
        SignedOut::Ask => Ok(pages::ask_sign_out(chinese)),
        SignedOut::Done(target) => Ok(signed_out(web, target, chinese)),
    }
}

/// The person confirmed on our own page.
pub async fn confirm(State(web): State<Web>, request: Request) -> Response {
    if !guard::is_same_site(&request) {
        return WebError::from(keyway_model::ErrorCode::CsrfTokenMismatch).into_response();
    }
    let headers = request.headers();
    let session = cookies::read(&web, headers, Kind::Session);
    let asked = EndSession { confirmed: true, ..EndSession::default() };
    let chinese = is_chinese(headers, None);
    match web.core.end_session(&web.tenant, asked, session).await {
        Ok(_) => signed_out(&web, None, chinese),
        Err(error) => pages::error(headers, error.into()),
    }
}

fn signed_out(web: &Web, target: Option<String>, chinese: bool) -> Response {
    let mut response = match target {
        Some(target) => see_other(&target),
        None => pages::signed_out(chinese),
    };
    let (name, value) = cookies::write(web, Kind::Session, "");
    response.headers_mut().append(name, value);
    response
        .headers_mut()
        .insert(header::HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""));
    response
}
