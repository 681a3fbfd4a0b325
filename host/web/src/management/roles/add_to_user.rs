//! `POST /api/users/{userId}/roles`

use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::UserId;

use super::RoleIds;
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::Added;

pub async fn add_to_user(cx: Cx, Path(id): Path<UserId>, Body(body): Body<RoleIds>) -> Result<Added, WebError> {
    roles::add_to_user(&cx, &id, body.role_ids).await?;
    Ok(Added)
}
