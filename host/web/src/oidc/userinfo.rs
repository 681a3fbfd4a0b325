//! `/oidc/me` (OpenID Connect Core section 5.3)

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use keyway_model::oauth::OAuthError;
use serde_json::{Map, Value};

use crate::Web;
use crate::error::WebError;
use crate::request::bearer;

/// The claims of the user behind an opaque access token. The token is taken from the header alone: a query ends in logs.
pub async fn userinfo(State(web): State<Web>, headers: HeaderMap) -> Result<Json<Map<String, Value>>, WebError> {
    let token = bearer(&headers).map_err(|_| OAuthError::new("invalid_token", "no access token provided"))?;
    Ok(Json(web.core.userinfo(&web.tenant, token).await?))
}
