//! `DELETE /api/connector-factories/{id}`: removes an uploaded factory with all its versions.

use keyway_core::Cx;
use keyway_core::connectors::factories;
use keyway_model::FactoryId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(id): Path<FactoryId>) -> Result<NoContent, WebError> {
    factories::delete(&cx, &id).await?;
    Ok(NoContent)
}
