//! `GET /api/tenants/{id}`

use axum::Json;
use keyway_core::{Cx, tenants};
use keyway_model::TenantId;

use super::view::TenantView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get(cx: Cx, Path(id): Path<TenantId>) -> Result<Json<TenantView>, WebError> {
    let found = tenants::get(&cx, &id).await?;
    Ok(Json(TenantView::new(&cx, found)))
}
