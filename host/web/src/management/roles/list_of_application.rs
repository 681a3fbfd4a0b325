//! `GET /api/applications/{id}/roles`

use axum::Json;
use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::ApplicationId;

use super::view::RoleView;
use crate::error::WebError;
use crate::request::Path;

pub async fn list_of_application(cx: Cx, Path(id): Path<ApplicationId>) -> Result<Json<Vec<RoleView>>, WebError> {
    Ok(Json(roles::of_application(&cx, &id).await?.into_iter().map(RoleView::from).collect()))
}
