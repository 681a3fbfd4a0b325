//! `PATCH /api/users/{userId}`: the given fields; null empties one.

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::user::UserChange;
use keyway_model::user_profile::UserProfile;
use keyway_model::{ObjectChange, Patch, UserId};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::view::UserView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUser {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    username: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    primary_email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    primary_phone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    avatar: Patch<String>,
    #[schema(value_type = Option<Object>)]
    custom_data: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    profile: Option<UserProfile>,
}

/// Logto takes an empty text for none.
fn filled(patch: Patch<String>) -> Patch<String> {
    match patch {
        Patch::Set(text) if text.is_empty() => Patch::Clear,
        patch => patch,
    }
}

pub async fn update(cx: Cx, Path(id): Path<UserId>, Body(body): Body<UpdateUser>) -> Result<Json<UserView>, WebError> {
    let change = UserChange {
        username: filled(body.username),
        primary_email: filled(body.primary_email),
        primary_phone: filled(body.primary_phone),
        name: filled(body.name),
        avatar: filled(body.avatar),
        custom_data: body.custom_data.map_or(ObjectChange::Keep, ObjectChange::Replace),
        profile: body.profile.map_or(ObjectChange::Keep, ObjectChange::Replace),
        ..UserChange::default()
    };
    let user = users::update(&cx, &id, change).await?;
    Ok(Json(UserView::load(&cx, user).await?))
}
