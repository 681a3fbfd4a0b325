//! `GET /api/users/{userId}/has-password`

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::WebError;
use crate::request::Path;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HasPassword {
    has_password: bool,
}

pub async fn has_password(cx: Cx, Path(id): Path<UserId>) -> Result<Json<HasPassword>, WebError> {
    Ok(Json(HasPassword { has_password: users::get(&cx, &id).await?.password.is_some() }))
}
