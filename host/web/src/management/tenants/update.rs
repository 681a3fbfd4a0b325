//! `PATCH /api/tenants/{id}`: the name. An address stays as it is, since it is the issuer of every token.

use axum::Json;
use keyway_core::Cx;
use keyway_core::tenants::{self, TenantChange};
use keyway_model::TenantId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::TenantView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateTenant {
    /// What operators call it.
    name: Option<String>,
    /// The one that it has; any other is refused.
    address: Option<String>,
}

pub async fn update(
    cx: Cx,
    Path(id): Path<TenantId>,
    Body(body): Body<UpdateTenant>,
) -> Result<Json<TenantView>, WebError> {
    let change = TenantChange { name: body.name, address: body.address };
    let changed = tenants::update(&cx, &id, change).await?;
    Ok(Json(TenantView::new(&cx, changed)))
}
