//! `DELETE /api/roles/{id}/applications/{applicationId}`

use keyway_core::{Cx, roles};
use keyway_model::{ApplicationId, RoleId};

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn remove_application(
    cx: Cx,
    Path((id, application)): Path<(RoleId, ApplicationId)>,
) -> Result<NoContent, WebError> {
    roles::remove_from_application(&cx, &application, &id).await?;
    Ok(NoContent)
}
