//! `DELETE /api/users/{userId}/roles/{roleId}`

use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::{RoleId, UserId};

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn remove_from_user(cx: Cx, Path((id, role)): Path<(UserId, RoleId)>) -> Result<NoContent, WebError> {
    roles::remove_from_user(&cx, &id, &role).await?;
    Ok(NoContent)
}
