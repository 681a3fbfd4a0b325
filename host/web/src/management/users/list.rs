//! `GET /api/users`: newest first.

use axum::http::Uri;
use keyway_core::{Cx, users};

use super::search::Searched;
use super::view::UserView;
use crate::error::WebError;
use crate::management::paging::{Paged, page};
use crate::request::Pagination;

pub async fn list(
    cx: Cx,
    Searched(search): Searched,
    paging: Pagination,
    uri: Uri,
) -> Result<Paged<UserView>, WebError> {
    let (found, total) = match search {
        Some(search) => users::search(&cx, search, paging.page()).await?,
        None => users::list(&cx, None, paging.page()).await?,
    };
    Ok(page(UserView::load_all(&cx, found).await?, total, paging, &uri))
}
