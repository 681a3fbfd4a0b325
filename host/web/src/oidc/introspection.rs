//! `POST /oidc/token/introspection` (RFC 7662)

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use keyway_model::oauth::OAuthError;

use super::token::client;
use crate::Web;
use crate::error::WebError;
use crate::request::Parameters;

/// Whether a token is alive, and what it stands for.
pub async fn introspect(
    State(web): State<Web>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, WebError> {
    let token = parameters.get("token").ok_or_else(|| OAuthError::new("invalid_request", "token is missing"))?;
    let answer = web.core.introspect_token(&web.tenant, &client(&headers, &parameters), &token).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}
