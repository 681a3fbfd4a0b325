//! `POST /api/roles/{id}/users`

use keyway_core::{Cx, roles};
use keyway_model::{RoleId, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::at_least_one;
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::Added;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserIds {
    #[schema(value_type = Vec<String>)]
    user_ids: Vec<UserId>,
}

pub async fn add_users(cx: Cx, Path(id): Path<RoleId>, Body(body): Body<UserIds>) -> Result<Added, WebError> {
    roles::add_users(&cx, &id, at_least_one("userIds", body.user_ids)?).await?;
    Ok(Added)
}
