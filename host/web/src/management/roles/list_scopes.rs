//! `GET /api/roles/{id}/scopes`: what a role holds.

use axum::Json;
use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::RoleId;

use crate::error::WebError;
use crate::management::resources::view::ScopeView;
use crate::request::Path;

pub async fn list_scopes(cx: Cx, Path(id): Path<RoleId>) -> Result<Json<Vec<ScopeView>>, WebError> {
    Ok(Json(roles::list_scopes(&cx, &id).await?.into_iter().map(ScopeView::from).collect()))
}
