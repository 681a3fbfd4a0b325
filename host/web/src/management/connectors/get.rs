//! `GET /api/connectors/{id}`

use axum::Json;
use keyway_core::{Cx, connectors};
use keyway_model::ConnectorId;

use super::view::ConnectorView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get(cx: Cx, Path(id): Path<ConnectorId>) -> Result<Json<ConnectorView>, WebError> {
    Ok(Json(ConnectorView::new(&cx, connectors::get(&cx, &id).await?)))
}
