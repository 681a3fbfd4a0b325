//! `PATCH /api/roles/{id}`: name, description and whether new users get it.

use axum::Json;
use keyway_core::Cx;
use keyway_core::roles::{self, RoleChange};
use keyway_model::RoleId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::RoleView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRole {
    name: Option<String>,
    description: Option<String>,
    is_default: Option<bool>,
}

pub async fn update(cx: Cx, Path(id): Path<RoleId>, Body(body): Body<UpdateRole>) -> Result<Json<RoleView>, WebError> {
    let change = RoleChange { name: body.name, description: body.description, is_default: body.is_default };
    Ok(Json(RoleView::new(&cx, roles::update(&cx, &id, change).await?)))
}
