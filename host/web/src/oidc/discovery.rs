//! What clients may know of the server: its metadata (OpenID Connect Discovery 1.0, RFC 8414) and its public keys.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::json;

use crate::Web;
use crate::error::WebError;
use crate::locale::Locale;

/// `GET /oidc/.well-known/openid-configuration`
pub async fn configuration(State(web): State<Web>) -> impl IntoResponse {
    let issuer = web.core.issuer(&web.tenant);
    let at = |path: &str| format!("{issuer}/{path}");
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("auth"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("me"),
        "jwks_uri": at("jwks"),
        "end_session_endpoint": at("session/end"),
        "revocation_endpoint": at("token/revocation"),
        "introspection_endpoint": at("token/introspection"),
        "scopes_supported": keyway_model::oauth::OIDC_SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES384"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            "sub", "name", "picture", "username", "created_at", "updated_at", "email", "email_verified", "phone_number",
            "phone_number_verified", "custom_data", "identities", "roles", "sid", "auth_time", "iss",
            "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "website", "gender",
            "birthdate", "zoneinfo", "locale", "address",
        ],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "ui_locales_supported": Locale::ALL.iter().map(|locale| locale.tag()).collect::<Vec<_>>(),
    });
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(document))
}

/// `GET /oidc/jwks`. Not cached on the way, so that a new key is seen at once.
pub async fn jwks(State(web): State<Web>) -> Result<impl IntoResponse, WebError> {
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(web.core.jwks(&web.tenant).await?)))
}
