//! `GET /api/resources/{id}/scopes`: oldest first.

use axum::Json;
use keyway_core::Cx;
use keyway_core::resources;
use keyway_model::ResourceId;

use super::view::ScopeView;
use crate::error::WebError;
use crate::request::Path;

pub async fn list_scopes(cx: Cx, Path(id): Path<ResourceId>) -> Result<Json<Vec<ScopeView>>, WebError> {
    Ok(Json(resources::list_scopes(&cx, &id).await?.into_iter().map(ScopeView::from).collect()))
}
