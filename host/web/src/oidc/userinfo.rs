//! `/oidc/me` (OpenID Connect Core section 5.3)

use axum::Json;
use axum::http::{HeaderMap, Method};
use keyway_core::{Cx, oauth};
use keyway_model::oauth::OAuthError;
use serde_json::{Map, Value};

use crate::error::WebError;
use crate::request::{Parameters, bearer};

/// The claims of the user behind an opaque access token. The token comes in the header or in the form of a POST (RFC 6750
/// section 2), one of them: a query ends in logs.
pub async fn userinfo(
    cx: Cx,
    method: Method,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Json<Map<String, Value>>, WebError> {
    let in_form = parameters.get("access_token").filter(|_| method == Method::POST);
    let token = match (bearer(&headers), in_form) {
        (Ok(_), Some(_)) => return Err(OAuthError::new("invalid_request", "there are two access tokens").into()),
        (Ok(token), None) => token.to_owned(),
        (Err(_), Some(token)) => token,
        (Err(_), None) => return Err(OAuthError::new("invalid_token", "no access token provided").into()),
    };
    Ok(Json(oauth::userinfo(&cx, &token).await?))
}
