//! `GET /api/roles/{id}/scopes`: what a role holds, each with its resource.

use axum::http::Uri;
use keyway_core::{Cx, roles};
use keyway_model::RoleId;

use super::search::SearchQuery;
use crate::error::WebError;
use crate::management::paging::{Paged, page_or_all};
use crate::management::resources::view::ScopeWithResource;
use crate::request::{OptionalPagination, Path, Query};

pub async fn list_scopes(
    cx: Cx,
    Path(id): Path<RoleId>,
    Query(query): Query<SearchQuery>,
    paging: OptionalPagination,
    uri: Uri,
) -> Result<Paged<ScopeWithResource>, WebError> {
    let page = paging.page();
    let (found, total) = roles::list_scopes(&cx, &id, query.search, page).await?;
    let views = found.into_iter().map(|(scope, resource)| ScopeWithResource::new(&cx, scope, resource));
    Ok(page_or_all(views.collect(), total, paging, &uri))
}
