//! `PATCH /api/resources/{id}/is-default`: the one that tokens are for where a client names none.

use axum::Json;
use keyway_core::{Cx, resources};
use keyway_model::ResourceId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::ResourceView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetDefault {
    is_default: bool,
}

pub async fn set_default(
    cx: Cx,
    Path(id): Path<ResourceId>,
    Body(body): Body<SetDefault>,
) -> Result<Json<ResourceView>, WebError> {
    Ok(Json(ResourceView::new(&cx, resources::set_default(&cx, &id, body.is_default).await?)))
}
