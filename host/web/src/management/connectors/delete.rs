//! `DELETE /api/connectors/{id}`

use keyway_core::{Cx, connectors};
use keyway_model::ConnectorId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(id): Path<ConnectorId>) -> Result<NoContent, WebError> {
    connectors::delete(&cx, &id).await?;
    Ok(NoContent)
}
