//! `GET /api/users/{userId}/roles`: by name.

use axum::http::Uri;
use keyway_core::roles::{self, RoleFilter};
use keyway_core::{Cx, users};
use keyway_model::UserId;

use super::search::SearchQuery;
use super::view::RoleView;
use crate::error::WebError;
use crate::management::paging::{Paged, page_or_all};
use crate::request::{OptionalPagination, Path, Query};

pub async fn list_of_user(
    cx: Cx,
    Path(id): Path<UserId>,
    Query(query): Query<SearchQuery>,
    paging: OptionalPagination,
    uri: Uri,
) -> Result<Paged<RoleView>, WebError> {
    users::get(&cx, &id).await?;
    let filter = RoleFilter { of_user: Some(id), search: query.search, ..RoleFilter::default() };
    let (found, total) = roles::list(&cx, &filter, paging.page()).await?;
    Ok(page_or_all(found.into_iter().map(|role| RoleView::new(&cx, role)).collect(), total, paging, &uri))
}
