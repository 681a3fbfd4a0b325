//! `GET /api/applications`: newest first.

use axum::http::Uri;
use keyway_core::Cx;
use keyway_core::applications;

use super::search::ApplicationsQuery;
use super::view::ApplicationView;
use crate::error::WebError;
use crate::management::paging::{Paged, page};
use crate::request::Pagination;

pub async fn list(
    cx: Cx,
    ApplicationsQuery(filter): ApplicationsQuery,
    paging: Pagination,
    uri: Uri,
) -> Result<Paged<ApplicationView>, WebError> {
    let (found, total) = applications::list(&cx, &filter, paging.page()).await?;
    let views = found.into_iter().map(|application| ApplicationView::new(&cx, application));
    Ok(page(views.collect(), total, paging, &uri))
}
