//! `GET /api/roles`: by name, each with those who have it.

use axum::http::Uri;
use keyway_core::Cx;
use keyway_core::roles::{self, RoleFilter};
use keyway_model::resource::RoleType;
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::RoleWithHolders;
use crate::error::WebError;
use crate::management::paging::{Paged, page};
use crate::request::{Pagination, Query};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct RolesQuery {
    /// What id, name or description are like; `%` stands for anything.
    search: Option<String>,
    #[serde(rename = "type")]
    #[param(value_type = Option<String>, example = "User")]
    kind: Option<RoleType>,
    /// Those alone that this user does not have.
    exclude_user_id: Option<String>,
    /// Those alone that this application does not have.
    exclude_application_id: Option<String>,
}

pub async fn list(
    cx: Cx,
    Query(query): Query<RolesQuery>,
    paging: Pagination,
    uri: Uri,
) -> Result<Paged<RoleWithHolders>, WebError> {
    let filter = RoleFilter {
        search: query.search,
        kind: query.kind,
        without_user: query.exclude_user_id.map(Into::into),
        without_application: query.exclude_application_id.map(Into::into),
        ..RoleFilter::default()
    };
    let (found, total) = roles::list(&cx, &filter, paging.page()).await?;
    let mut holders = roles::holders(&cx, &found).await?;
    let views = found.into_iter().map(|role| {
        let holders = holders.remove(&role.id).unwrap_or_default();
        RoleWithHolders::new(&cx, role, holders)
    });
    Ok(page(views.collect(), total, paging, &uri))
}
