//! `GET /api/users`: newest first.

use axum::http::Uri;
use keyway_core::{Cx, users};
use keyway_model::UserId;

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
    let ids: Vec<UserId> = found.iter().map(|user| user.id.clone()).collect();
    let mut identities = users::identities(&cx, &ids).await?;
    let views = found.into_iter().map(|user| {
        let linked = identities.remove(&user.id).unwrap_or_default();
        UserView::new(user, linked)
    });
    Ok(page(views.collect(), total, paging, &uri))
}
