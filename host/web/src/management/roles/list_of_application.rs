//! `GET /api/applications/{id}/roles`: by name.

use axum::http::Uri;
use keyway_core::{Cx, roles};
use keyway_model::ApplicationId;

use super::search::SearchQuery;
use super::view::RoleView;
use crate::error::WebError;
use crate::management::paging::{Paged, page_or_all};
use crate::request::{OptionalPagination, Path, Query};

pub async fn list_of_application(
    cx: Cx,
    Path(id): Path<ApplicationId>,
    Query(query): Query<SearchQuery>,
    paging: OptionalPagination,
    uri: Uri,
) -> Result<Paged<RoleView>, WebError> {
    let (found, total) = roles::of_application(&cx, &id, query.search, paging.page()).await?;
    Ok(page_or_all(found.into_iter().map(|role| RoleView::new(&cx, role)).collect(), total, paging, &uri))
}
