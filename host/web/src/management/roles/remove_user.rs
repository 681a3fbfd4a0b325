//! `DELETE /api/roles/{id}/users/{userId}`

use keyway_core::{Cx, roles};
use keyway_model::{RoleId, UserId};

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn remove_user(cx: Cx, Path((id, user)): Path<(RoleId, UserId)>) -> Result<NoContent, WebError> {
    roles::remove_from_user(&cx, &user, &id).await?;
    Ok(NoContent)
}
