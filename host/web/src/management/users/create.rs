//! `POST /api/users`: with a password, an imported hash or neither.

use axum::Json;
use keyway_core::Cx;
use keyway_core::users::{self, NewPassword, NewUser};
use keyway_model::UserId;
use keyway_model::user::User;
use keyway_model::user_profile::UserProfile;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::view::UserView;
use crate::error::WebError;
use crate::request::Body;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateUser {
    id: Option<String>,
    username: Option<String>,
    primary_email: Option<String>,
    primary_phone: Option<String>,
    password: Option<String>,
    password_digest: Option<String>,
    /// `Argon2i`, `Argon2id` or `Bcrypt`.
    password_algorithm: Option<String>,
    name: Option<String>,
    avatar: Option<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    custom_data: Map<String, Value>,
    #[serde(default)]
    #[schema(value_type = Object)]
    profile: UserProfile,
}

pub async fn create(cx: Cx, Body(body): Body<CreateUser>) -> Result<Json<UserView>, WebError> {
    let password = NewPassword::from_fields(body.password, body.password_digest, body.password_algorithm)?;
    let user = User {
        username: body.username,
        primary_email: body.primary_email,
        primary_phone: body.primary_phone,
        name: body.name,
        avatar: body.avatar,
        custom_data: body.custom_data,
        profile: body.profile,
        ..User::new(UserId(body.id.unwrap_or_default()), cx.now)
    };
    let made = users::create(&cx, NewUser { user, password }).await?;
    Ok(Json(UserView::new(made, Vec::new())))
}
