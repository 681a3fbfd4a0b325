//! `DELETE /api/applications/{id}/roles/{roleId}`

use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::{ApplicationId, RoleId};

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn remove_from_application(
    cx: Cx,
    Path((id, role)): Path<(ApplicationId, RoleId)>,
) -> Result<NoContent, WebError> {
    roles::remove_from_application(&cx, &id, &role).await?;
    Ok(NoContent)
}
