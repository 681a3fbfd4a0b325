//! `GET /api/users/{userId}`

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::UserId;

use super::view::UserView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get(cx: Cx, Path(id): Path<UserId>) -> Result<Json<UserView>, WebError> {
    let user = users::get(&cx, &id).await?;
    Ok(Json(UserView::load(&cx, user).await?))
}
