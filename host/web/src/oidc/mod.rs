//! OpenID Connect: one file per endpoint.

pub mod answer;
mod authorize;
mod discovery;
mod end_session;
mod introspection;
mod revocation;
mod token;
mod userinfo;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

use crate::{Web, cors, write_limit};

/// Routes below `/oidc`.
pub fn router(web: &Web) -> Router<Web> {
    let called_by_scripts = Router::new()
        .route("/oidc/token", post(token::token).options(cors::preflight))
        .route("/oidc/me", get(userinfo::userinfo).post(userinfo::userinfo).options(cors::preflight))
        .route("/oidc/token/revocation", post(revocation::revoke).options(cors::preflight))
        .route("/oidc/token/introspection", post(introspection::introspect).options(cors::preflight))
        .route_layer(middleware::from_fn(token::challenge))
        .route_layer(middleware::from_fn_with_state(web.clone(), cors::registered_origins));
    let public = Router::new()
        .route("/oidc/jwks", get(discovery::jwks).options(cors::preflight))
        .route("/oidc/.well-known/openid-configuration", get(discovery::configuration).options(cors::preflight))
        .route("/oidc/.well-known/oauth-authorization-server", get(discovery::configuration).options(cors::preflight))
        // RFC 8414 section 3.1: the well-known part goes before the issuer's path.
        .route("/.well-known/oauth-authorization-server/oidc", get(discovery::configuration).options(cors::preflight))
        .route_layer(middleware::from_fn(cors::any_origin));
    Router::new()
        .route("/oidc/auth", get(authorize::authorize).post(authorize::authorize))
        .route_layer(middleware::from_fn_with_state(web.clone(), write_limit::count_authorization))
        .route("/oidc/session/end", get(end_session::end).post(end_session::end))
        .route("/oidc/session/end/confirm", post(end_session::confirm))
        .merge(called_by_scripts)
        .merge(public)
}
