//! `GET /api/resources`: every one, oldest first.

use axum::Json;
use keyway_core::Cx;
use keyway_core::resources;

use super::view::ResourceView;
use crate::error::WebError;

pub async fn list(cx: Cx) -> Result<Json<Vec<ResourceView>>, WebError> {
    Ok(Json(resources::list(&cx).await?.into_iter().map(ResourceView::from).collect()))
}
