//! `DELETE /api/resources/{id}`: with its scopes.

use keyway_core::Cx;
use keyway_core::resources;
use keyway_model::ResourceId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(id): Path<ResourceId>) -> Result<NoContent, WebError> {
    resources::delete(&cx, &id).await?;
    Ok(NoContent)
}
