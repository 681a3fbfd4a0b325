//! `GET /api/tenants`: oldest first.

use axum::http::Uri;
use keyway_core::{Cx, tenants};

use super::view::TenantView;
use crate::error::WebError;
use crate::management::paging::{Paged, page};
use crate::request::Pagination;

pub async fn list(cx: Cx, pagination: Pagination, uri: Uri) -> Result<Paged<TenantView>, WebError> {
    let (found, total) = tenants::page(&cx, pagination.page()).await?;
    let found = found.into_iter().map(|tenant| TenantView::new(&cx, tenant)).collect();
    Ok(page(found, total, pagination, &uri))
}
