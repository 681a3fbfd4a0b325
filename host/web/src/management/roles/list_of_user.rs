//! `GET /api/users/{userId}/roles`

use axum::Json;
use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::UserId;

use super::view::RoleView;
use crate::error::WebError;
use crate::request::Path;

pub async fn list_of_user(cx: Cx, Path(id): Path<UserId>) -> Result<Json<Vec<RoleView>>, WebError> {
    Ok(Json(roles::of_user(&cx, &id).await?.into_iter().map(RoleView::from).collect()))
}
