//! The Management API, in Logto's shapes. Each file is one kind of thing; each route is registered together with its
//! documentation.

mod applications;
mod connectors;
mod logs;
mod paging;
mod resources;
mod roles;
mod sign_in_experience;
mod users;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use keyway_model::resource::MANAGEMENT_SCOPE;
use keyway_model::{ErrorCode, TenantId};
use utoipa_axum::router::OpenApiRouter;

use crate::Web;
use crate::error::WebError;
use crate::request::bearer;

/// The routes with their documentation.
pub fn documented() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .merge(applications::router())
        .merge(connectors::router())
        .merge(sign_in_experience::router())
        .merge(users::router())
        .merge(logs::router())
        .merge(resources::router())
        .merge(roles::router())
}

/// Routes below `/api`, each behind a token of the Management API.
pub fn router(web: &Web) -> Router<Web> {
    let (router, _) = documented().split_for_parts();
    router.route_layer(middleware::from_fn_with_state(web.clone(), authorize))
}

/// A Bearer token for the Management API with the scope `all`. The API administers the users' tenant and is served there
/// alone.
async fn authorize(State(web): State<Web>, request: Request, next: Next) -> Result<Response, WebError> {
    if web.tenant != TenantId::default_tenant() {
        return Err(ErrorCode::NotFound.into());
    }
    let token = bearer(request.headers())?;
    let (_, scopes) = web.core.verify_management_token(token).ok_or(ErrorCode::Unauthorized)?;
    if !scopes.iter().any(|scope| scope == MANAGEMENT_SCOPE) {
        return Err(ErrorCode::Forbidden.into());
    }
    Ok(next.run(request).await)
}
