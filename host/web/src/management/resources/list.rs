//! `GET /api/resources`: oldest first; all where no page is asked for.

use axum::http::Uri;
use keyway_core::{Cx, Page, resources};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::ResourceWithScopes;
use crate::error::WebError;
use crate::management::paging::{Paged, page_or_all};
use crate::request::{OptionalPagination, Query};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ResourcesQuery {
    /// `true` to have the scopes of each.
    include_scopes: Option<String>,
}

pub async fn list(
    cx: Cx,
    Query(query): Query<ResourcesQuery>,
    paging: OptionalPagination,
    uri: Uri,
) -> Result<Paged<ResourceWithScopes>, WebError> {
    let with_scopes = query.include_scopes.is_some_and(|text| ["true", "1", "yes"].contains(&text.as_str()));
    let (found, total) = resources::list(&cx, paging.page()).await?;
    let mut views = Vec::new();
    for resource in found {
        let scopes =
            if with_scopes { Some(resources::list_scopes(&cx, &resource.id, None, Page::ALL).await?.0) } else { None };
        views.push(ResourceWithScopes::new(&cx, resource, scopes));
    }
    Ok(page_or_all(views, total, paging, &uri))
}
