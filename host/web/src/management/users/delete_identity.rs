//! `DELETE /api/users/{id}/identities/{target}`: unlinks an identity of an outside provider.

use keyway_core::{Cx, users};
use keyway_model::UserId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete_identity(cx: Cx, Path((id, target)): Path<(UserId, String)>) -> Result<NoContent, WebError> {
    users::delete_identity(&cx, &id, &target).await?;
    Ok(NoContent)
}
