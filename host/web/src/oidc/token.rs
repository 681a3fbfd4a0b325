//! `POST /oidc/token`

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use keyway_core::Cx;
use keyway_core::oauth::{self, ClientCredentials, TokenParameters};
use keyway_model::oauth::OAuthError;

use crate::error::WebError;
use crate::request::{Parameters, basic};

/// The credentials of a client: Basic authentication, form fields, or both for one client.
pub fn client(headers: &HeaderMap, parameters: &Parameters) -> ClientCredentials {
    ClientCredentials {
        basic: basic(headers),
        client_id: parameters.get("client_id"),
        client_secret: parameters.get("client_secret"),
    }
}

/// A challenge answers only a client that came with the header (RFC 6749 section 5.2); others report the challenge in place of
/// the error.
pub async fn challenge(request: Request, next: Next) -> Response {
    let came = request.headers().contains_key(header::AUTHORIZATION);
    let is_client_error = request.uri().path().starts_with("/oidc/token");
    let mut response = next.run(request).await;
    if is_client_error && !came {
        response.headers_mut().remove(header::WWW_AUTHENTICATE);
    }
    response
}

/// Exchanges a code, a refresh token or a machine's credentials for tokens.
pub async fn token(cx: Cx, headers: HeaderMap, parameters: Parameters) -> Result<Response, WebError> {
    let mut resources = parameters.all("resource");
    if resources.len() > 1 {
        return Err(OAuthError::new("invalid_target", "one resource at a time").into());
    }
    let asked = TokenParameters {
        grant_type: parameters.get("grant_type").unwrap_or_default(),
        code: parameters.get("code"),
        redirect_uri: parameters.get("redirect_uri"),
        code_verifier: parameters.get("code_verifier"),
        refresh_token: parameters.get("refresh_token"),
        resource: resources.pop(),
        scope: parameters.get("scope"),
    };
    let answer = oauth::token(&cx, &client(&headers, &parameters), asked).await?;
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(answer)).into_response())
}
