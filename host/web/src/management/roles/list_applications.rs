//! `GET /api/roles/{id}/applications`: newest first.

use axum::http::Uri;
use keyway_core::applications::{self, ApplicationFilter};
use keyway_core::{Cx, roles};
use keyway_model::RoleId;

use super::search::SearchQuery;
use crate::error::WebError;
use crate::management::applications::view::ApplicationView;
use crate::management::paging::{Paged, page};
use crate::request::{Pagination, Path, Query};

pub async fn list_applications(
    cx: Cx,
    Path(id): Path<RoleId>,
    Query(query): Query<SearchQuery>,
    paging: Pagination,
    uri: Uri,
) -> Result<Paged<ApplicationView>, WebError> {
    roles::get(&cx, &id).await?;
    let filter = ApplicationFilter { of_role: Some(id), search: query.search, ..ApplicationFilter::default() };
    let (found, total) = applications::list(&cx, &filter, paging.page()).await?;
    let views = found.into_iter().map(|application| ApplicationView::new(&cx, application));
    Ok(page(views.collect(), total, paging, &uri))
}
