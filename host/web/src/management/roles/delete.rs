//! `DELETE /api/roles/{id}`: takes a role from everybody.

use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::RoleId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(id): Path<RoleId>) -> Result<NoContent, WebError> {
    roles::delete(&cx, &id).await?;
    Ok(NoContent)
}
