//! `POST /api/connector-factories/{id}/versions/{digest}/approve`: agrees to what a version asks for.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::factories;
use keyway_model::FactoryId;

use super::view::VersionView;
use crate::error::WebError;
use crate::request::Path;

pub async fn approve(cx: Cx, Path((id, digest)): Path<(FactoryId, String)>) -> Result<Json<VersionView>, WebError> {
    Ok(Json(factories::approve(&cx, &id, &digest).await?.into()))
}
