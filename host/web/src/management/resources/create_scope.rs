//! `POST /api/resources/{id}/scopes`

use keyway_core::Cx;
use keyway_core::resources;
use keyway_model::ResourceId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::ScopeView;
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::Created;

#[derive(Deserialize, ToSchema)]
pub struct CreateScope {
    name: String,
    description: Option<String>,
}

pub async fn create_scope(
    cx: Cx,
    Path(id): Path<ResourceId>,
    Body(body): Body<CreateScope>,
) -> Result<Created<ScopeView>, WebError> {
    Ok(Created(ScopeView::new(&cx, resources::create_scope(&cx, &id, body.name, body.description).await?)))
}
