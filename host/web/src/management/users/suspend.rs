//! `PATCH /api/users/{userId}/is-suspended`: signs the user out everywhere at once, or lets the user in again.

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::UserId;
use keyway_model::user::UserChange;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::UserView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suspension {
    is_suspended: bool,
}

pub async fn suspend(cx: Cx, Path(id): Path<UserId>, Body(body): Body<Suspension>) -> Result<Json<UserView>, WebError> {
    let change = UserChange { is_suspended: Some(body.is_suspended), ..UserChange::default() };
    let user = users::update(&cx, &id, change).await?;
    Ok(Json(UserView::load(&cx, user).await?))
}
