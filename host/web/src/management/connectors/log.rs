//! `GET /api/connectors/{id}/logs`: the last calls and log lines of the connector on the node that answers, newest first; secrets,
//! recipients and codes are masked.

use axum::Json;
use keyway_core::{Cx, connectors};
use keyway_model::ConnectorId;

use super::log_view::LogLineView;
use crate::error::WebError;
use crate::request::Path;

pub async fn log(cx: Cx, Path(id): Path<ConnectorId>) -> Result<Json<Vec<LogLineView>>, WebError> {
    let (connector, _) = connectors::get(&cx, &id).await?;
    Ok(Json(connectors::log(&cx, &connector.id).into_iter().map(LogLineView::from).collect()))
}
