//! `DELETE /api/applications/{id}`: with everybody's tokens for it.

use keyway_core::{Cx, applications};
use keyway_model::ApplicationId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(id): Path<ApplicationId>) -> Result<NoContent, WebError> {
    applications::delete(&cx, &id).await?;
    Ok(NoContent)
}
