//! `PUT /api/users/{userId}/roles`: these roles and no others.

use axum::Json;
use keyway_core::{Cx, roles};
use keyway_model::UserId;

use super::RoleIds;
use crate::error::WebError;
use crate::request::{Body, Path};

pub async fn set_of_user(cx: Cx, Path(id): Path<UserId>, Body(body): Body<RoleIds>) -> Result<Json<RoleIds>, WebError> {
    roles::set_of_user(&cx, &id, body.role_ids.clone()).await?;
    Ok(Json(body))
}
