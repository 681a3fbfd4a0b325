//! `PATCH /api/users/{userId}/profile`: merges into the profile.

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::user::UserChange;
use keyway_model::user_profile::UserProfile;
use keyway_model::{ObjectChange, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
pub struct UserProfileBody {
    #[schema(value_type = Object)]
    profile: UserProfile,
}

/// The claims of OpenID Connect about a user.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct ProfileView(UserProfile);

pub async fn update_profile(
    cx: Cx,
    Path(id): Path<UserId>,
    Body(body): Body<UserProfileBody>,
) -> Result<Json<ProfileView>, WebError> {
    let change = UserChange { profile: ObjectChange::Merge(body.profile), ..UserChange::default() };
    Ok(Json(ProfileView(users::update(&cx, &id, change).await?.profile)))
}
