//! `DELETE /api/connector-factories/{id}/versions/{digest}`: removes a version that does not serve.

use keyway_core::Cx;
use keyway_core::connectors::factories;
use keyway_model::FactoryId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete_version(cx: Cx, Path((id, digest)): Path<(FactoryId, String)>) -> Result<NoContent, WebError> {
    factories::delete_version(&cx, &id, &digest).await?;
    Ok(NoContent)
}
