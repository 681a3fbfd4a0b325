//! `GET /api/roles/{id}`

use axum::Json;
use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::RoleId;

use super::view::RoleView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get(cx: Cx, Path(id): Path<RoleId>) -> Result<Json<RoleView>, WebError> {
    Ok(Json(RoleView::new(&cx, roles::get(&cx, &id).await?)))
}
