//! `POST /api/connector-factories/{id}/versions/{digest}/activate`: makes an approved version serve, on every node, once it has accepted every
//! stored configuration.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::factories;
use keyway_model::FactoryId;

use super::view::VersionView;
use crate::error::WebError;
use crate::request::Path;

pub async fn activate(cx: Cx, Path((id, digest)): Path<(FactoryId, String)>) -> Result<Json<VersionView>, WebError> {
    factories::activate(&cx, &id, &digest).await?;
    Ok(Json(factories::version(&cx, &id, &digest).await?.into()))
}
