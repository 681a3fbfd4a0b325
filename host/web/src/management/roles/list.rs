//! `GET /api/roles`: every role, by name.

use axum::Json;
use keyway_core::Cx;
use keyway_core::roles;

use super::view::RoleView;
use crate::error::WebError;

pub async fn list(cx: Cx) -> Result<Json<Vec<RoleView>>, WebError> {
    Ok(Json(roles::list(&cx).await?.into_iter().map(RoleView::from).collect()))
}
