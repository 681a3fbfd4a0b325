//! `DELETE /api/applications/{id}/secrets/{name}`

use keyway_core::{Cx, applications};
use keyway_model::ApplicationId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete_secret(cx: Cx, Path((id, name)): Path<(ApplicationId, String)>) -> Result<NoContent, WebError> {
    applications::delete_secret(&cx, &id, &name).await?;
    Ok(NoContent)
}
