//! `POST /oidc/token/revocation` (RFC 7009)

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use keyway_model::oauth::OAuthError;

use super::token::client;
use crate::Web;
use crate::error::WebError;
use crate::request::Parameters;

/// Ends the grant behind a token.
pub async fn revoke(
    State(web): State<Web>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<StatusCode, WebError> {
    let token = parameters.get("token").ok_or_else(|| OAuthError::new("invalid_request", "token is missing"))?;
    web.core.revoke_token(&web.tenant, &client(&headers, &parameters), &token).await?;
    Ok(StatusCode::OK)
}
