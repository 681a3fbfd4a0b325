//! The Management API, in Logto's shapes. Each file is one kind of thing; each route is registered together with its
//! documentation.

mod applications;
mod connector_factories;
mod connectors;
mod custom_phrases;
mod email_templates;
mod logs;
mod oidc_keys;
mod paging;
mod resources;
mod roles;
mod sign_in_experience;
mod user_assets;
pub(crate) mod user_search;
mod user_sessions;
mod users;

pub use connector_factories::read;
pub use user_assets::{LIMIT as IMAGE_LIMIT, file};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use keyway_model::resource::MANAGEMENT_SCOPE;
use keyway_model::{ErrorCode, TenantId};
use utoipa_axum::router::OpenApiRouter;

use crate::Web;
use crate::audit::Asked;
use crate::error::WebError;
use crate::request::bearer;

/// The routes with their documentation.
pub fn documented() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .merge(applications::router())
        .merge(connector_factories::router())
        .merge(connectors::router())
        .merge(custom_phrases::router())
        .merge(email_templates::router())
        .merge(sign_in_experience::router())
        .merge(user_assets::router())
        .merge(user_sessions::router())
        .merge(users::router())
        .merge(logs::router())
        .merge(oidc_keys::router())
        .merge(resources::router())
        .merge(roles::router())
}

/// Routes below `/api`, each behind a token of the Management API.
pub fn router(web: &Web) -> Router<Web> {
    let (router, _) = documented().split_for_parts();
    router.route_layer(middleware::from_fn_with_state(web.clone(), authorize))
}

/// Who acts: the subject of the token.
#[derive(Clone)]
pub struct Actor(pub String);

/// What else the caller may do, where a route asks for it.
#[derive(Clone, Copy)]
pub struct Duties {
    /// Whether they may save the configuration of a connector.
    pub may_configure: bool,
}

/// A Bearer token for the Management API with the scope `all`, or the narrower one that the route asks for. Each tenant
/// of users has its own API, at its own address; the operators' tenant has none.
async fn authorize(State(web): State<Web>, request: Request, next: Next) -> Result<Response, WebError> {
    if web.tenant == TenantId::admin() {
        return Err(ErrorCode::NotFound.into());
    }
    let token = bearer(request.headers())?;
    let (subject, scopes) =
        web.core.verify_management_token(&web.tenant, token).await?.ok_or(ErrorCode::Unauthorized)?;
    let (asked, mut request) = Asked::new(&web, &subject.0, request);
    let narrow = narrow_scope(request.method(), request.uri().path());
    let response = if scopes.iter().any(|scope| scope == MANAGEMENT_SCOPE || Some(scope.as_str()) == narrow) {
        let may_configure = scopes.iter().any(|scope| scope == MANAGEMENT_SCOPE || scope == "connectors:configure");
        request.extensions_mut().insert(Duties { may_configure });
        request.extensions_mut().insert(Actor(subject.0));
        next.run(request).await
    } else {
        WebError::from(ErrorCode::Forbidden).into_response()
    };
    if let Some(event) = asked.outcome(&response) {
        event.write(&web).await;
    }
    Ok(response)
}

/// The scope that suffices for a route without the whole API. Seeing, uploading, approving, configuring and testing
/// connectors are five duties that different people may have.
fn narrow_scope(method: &Method, path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.trim_start_matches("/api/").split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("GET", ["connector-factories" | "connectors", ..]) => Some("connectors:view"),
        ("POST", ["connector-factories"]) => Some("connectors:upload"),
        ("POST", ["connector-factories", _, "versions", _, "approve"]) => Some("connectors:approve"),
        ("POST", ["connector-factories", _, "versions", _, "activate"] | ["connector-factories", _, "rollback"])
        | ("DELETE", ["connector-factories", ..]) => Some("connectors:approve"),
        ("POST", ["connectors", _, "test"]) => Some("connectors:test"),
        ("POST" | "PATCH" | "DELETE", ["connectors", ..]) => Some("connectors:configure"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duty_has_its_scope() {
        for (method, path, scope) in [
            ("GET", "/api/connector-factories/a", Some("connectors:view")),
            ("GET", "/api/connectors", Some("connectors:view")),
            ("POST", "/api/connector-factories", Some("connectors:upload")),
            ("POST", "/api/connector-factories/a/versions/b/approve", Some("connectors:approve")),
            ("POST", "/api/connector-factories/a/versions/b/activate", Some("connectors:approve")),
            ("DELETE", "/api/connector-factories/a/versions/b", Some("connectors:approve")),
            ("POST", "/api/connectors/a/test", Some("connectors:test")),
            ("PATCH", "/api/connectors/a", Some("connectors:configure")),
            ("GET", "/api/users", None),
            ("POST", "/api/connector-factories/a/versions/b/other", None),
        ] {
            assert_eq!(narrow_scope(&method.parse().unwrap(), path), scope, "{method} {path}");
        }
    }
}
