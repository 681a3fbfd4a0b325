//! `POST /api/connector-factories/{id}/rollback`: brings back the version that served before, with the configurations it had.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::factories;
use keyway_model::FactoryId;

use super::get::{FactoryWithVersions, found};
use crate::error::WebError;
use crate::request::Path;

pub async fn roll_back(cx: Cx, Path(id): Path<FactoryId>) -> Result<Json<FactoryWithVersions>, WebError> {
    factories::roll_back(&cx, &id).await?;
    Ok(Json(found(&cx, &id).await?))
}
