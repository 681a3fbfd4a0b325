//! `GET /api/resources/{id}`

use axum::Json;
use keyway_core::Cx;
use keyway_core::resources;
use keyway_model::ResourceId;

use super::view::ResourceView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get(cx: Cx, Path(id): Path<ResourceId>) -> Result<Json<ResourceView>, WebError> {
    Ok(Json(ResourceView::new(&cx, resources::get(&cx, &id).await?)))
}
