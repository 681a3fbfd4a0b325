//! `PATCH /api/resources/{id}/scopes/{scopeId}`: name and description.

use axum::Json;
use keyway_core::Cx;
use keyway_core::resources::{self, ScopeChange};
use keyway_model::{Patch, ResourceId, ScopeId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::ScopeView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
pub struct UpdateScope {
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

pub async fn update_scope(
    cx: Cx,
    Path((id, scope)): Path<(ResourceId, ScopeId)>,
    Body(body): Body<UpdateScope>,
) -> Result<Json<ScopeView>, WebError> {
    let change = ScopeChange { name: body.name, description: body.description };
    Ok(Json(ScopeView::new(&cx, resources::update_scope(&cx, &id, &scope, change).await?)))
}
