//! `POST /api/roles`

use axum::Json;
use keyway_core::Cx;
use keyway_core::roles::{self, NewRole};
use keyway_model::ScopeId;
use keyway_model::resource::RoleType;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::RoleView;
use crate::error::WebError;
use crate::request::Body;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateRole {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(rename = "type")]
    #[schema(value_type = Option<String>, example = "User")]
    kind: Option<RoleType>,
    #[serde(default)]
    is_default: bool,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    scope_ids: Vec<ScopeId>,
}

pub async fn create(cx: Cx, Body(body): Body<CreateRole>) -> Result<Json<RoleView>, WebError> {
    let new = NewRole {
        name: body.name,
        description: body.description,
        kind: body.kind.unwrap_or(RoleType::User),
        is_default: body.is_default,
        scopes: body.scope_ids,
    };
    Ok(Json(RoleView::new(&cx, roles::create(&cx, new).await?)))
}
