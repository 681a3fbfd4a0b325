//! `PATCH /api/users/{userId}/password`: signs the user out everywhere.

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::UserId;

use super::Password;
use super::view::UserView;
use crate::error::WebError;
use crate::request::{Body, Path};

pub async fn set_password(
    cx: Cx,
    Path(id): Path<UserId>,
    Body(body): Body<Password>,
) -> Result<Json<UserView>, WebError> {
    let user = users::set_password(&cx, &id, body.password).await?;
    Ok(Json(UserView::load(&cx, user).await?))
}
