//! `GET /api/users/{userId}/custom-data`: the application's own data.

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::UserId;
use serde_json::Value;

use crate::error::WebError;
use crate::request::Path;

pub async fn get_custom_data(cx: Cx, Path(id): Path<UserId>) -> Result<Json<Value>, WebError> {
    Ok(Json(Value::Object(users::get(&cx, &id).await?.custom_data)))
}
