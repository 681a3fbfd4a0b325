//! `GET /api/roles/{id}/users`: newest first.

use axum::http::Uri;
use keyway_core::users::UserSearch;
use keyway_core::{Cx, roles, users};
use keyway_model::RoleId;

use crate::error::WebError;
use crate::management::paging::{Paged, page};
use crate::management::users::search::Searched;
use crate::management::users::view::UserView;
use crate::request::{Pagination, Path};

pub async fn list_users(
    cx: Cx,
    Path(id): Path<RoleId>,
    Searched(search): Searched,
    paging: Pagination,
    uri: Uri,
) -> Result<Paged<UserView>, WebError> {
    roles::get(&cx, &id).await?;
    let search = UserSearch { of_role: Some(id), ..search.unwrap_or_default() };
    let (found, total) = users::search(&cx, search, paging.page()).await?;
    Ok(page(UserView::load_all(&cx, found).await?, total, paging, &uri))
}
