//! `POST /oidc/token/introspection` (RFC 7662)

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use keyway_core::{Cx, oauth};
use keyway_model::oauth::OAuthError;

use super::token::client;
use crate::error::WebError;
use crate::request::Parameters;

/// Whether a token is alive, and what it stands for.
pub async fn introspect(cx: Cx, headers: HeaderMap, parameters: Parameters) -> Result<Response, WebError> {
    let token = parameters.get("token").ok_or_else(|| OAuthError::new("invalid_request", "token is missing"))?;
    let answer = oauth::introspect_token(&cx, &client(&headers, &parameters), &token).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}
