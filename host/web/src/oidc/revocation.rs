//! `POST /oidc/token/revocation` (RFC 7009)

use axum::http::{HeaderMap, StatusCode};
use keyway_core::{Cx, oauth};
use keyway_model::oauth::OAuthError;

use super::token::client;
use crate::error::WebError;
use crate::request::Parameters;

/// Ends the grant behind a token.
pub async fn revoke(cx: Cx, headers: HeaderMap, parameters: Parameters) -> Result<StatusCode, WebError> {
    let token = parameters.get("token").ok_or_else(|| OAuthError::new("invalid_request", "token is missing"))?;
    oauth::revoke_token(&cx, &client(&headers, &parameters), &token).await?;
    Ok(StatusCode::OK)
}
