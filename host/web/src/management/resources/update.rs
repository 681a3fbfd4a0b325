//! `PATCH /api/resources/{id}`: name and the life of tokens; the indicator stays.

use axum::Json;
use keyway_core::Cx;
use keyway_core::resources::{self, ResourceChange};
use keyway_model::ResourceId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::ResourceView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateResource {
    name: Option<String>,
    access_token_ttl: Option<i64>,
}

pub async fn update(
    cx: Cx,
    Path(id): Path<ResourceId>,
    Body(body): Body<UpdateResource>,
) -> Result<Json<ResourceView>, WebError> {
    let change = ResourceChange { name: body.name, access_token_ttl: body.access_token_ttl };
    Ok(Json(ResourceView::new(&cx, resources::update(&cx, &id, change).await?)))
}
