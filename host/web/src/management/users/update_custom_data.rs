//! `PATCH /api/users/{userId}/custom-data`: merges into the application's own data.

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::user::UserChange;
use keyway_model::{ObjectChange, UserId};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomData {
    #[schema(value_type = Object)]
    custom_data: Map<String, Value>,
}

pub async fn update_custom_data(
    cx: Cx,
    Path(id): Path<UserId>,
    Body(body): Body<CustomData>,
) -> Result<Json<Value>, WebError> {
    let change = UserChange { custom_data: ObjectChange::Merge(body.custom_data), ..UserChange::default() };
    Ok(Json(Value::Object(users::update(&cx, &id, change).await?.custom_data)))
}
