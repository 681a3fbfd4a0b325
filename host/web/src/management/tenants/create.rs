//! `POST /api/tenants`

use axum::Json;
use keyway_core::Cx;
use keyway_core::tenants::{self, NewTenant};
use keyway_model::TenantId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::TenantView;
use crate::error::WebError;
use crate::request::Body;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateTenant {
    /// 1 to 32 small letters, digits and hyphens; a random one where none is given.
    #[schema(value_type = Option<String>, example = "acme")]
    id: Option<TenantId>,
    /// What operators call it.
    #[serde(default)]
    name: String,
    /// Where browsers and programs reach it. It cannot be changed later.
    #[schema(example = "https://acme.example.com")]
    address: String,
}

pub async fn create(cx: Cx, Body(body): Body<CreateTenant>) -> Result<Json<TenantView>, WebError> {
    let new = NewTenant { id: body.id, name: body.name, address: body.address };
    let made = tenants::create(&cx, new).await?;
    Ok(Json(TenantView::new(&cx, made)))
}
