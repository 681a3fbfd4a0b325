//! `GET /api/resources/{id}/scopes`: oldest first.

use axum::http::Uri;
use keyway_core::{Cx, resources};
use keyway_model::ResourceId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::ScopeView;
use crate::error::WebError;
use crate::management::paging::{Paged, page_or_all};
use crate::request::{OptionalPagination, Path, Query};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScopesQuery {
    /// What id, name or description are like; `%` stands for anything.
    pub search: Option<String>,
}

pub async fn list_scopes(
    cx: Cx,
    Path(id): Path<ResourceId>,
    Query(query): Query<ScopesQuery>,
    paging: OptionalPagination,
    uri: Uri,
) -> Result<Paged<ScopeView>, WebError> {
    let page = paging.page();
    let (found, total) = resources::list_scopes(&cx, &id, query.search, page).await?;
    Ok(page_or_all(found.into_iter().map(|scope| ScopeView::new(&cx, scope)).collect(), total, paging, &uri))
}
