//! `PATCH /api/applications/{id}/custom-data`: merges into the admin's own data.

use axum::Json;
use keyway_core::{Cx, applications};
use keyway_model::ApplicationId;
use serde_json::{Map, Value};

use crate::error::WebError;
use crate::request::{Object, Path};

pub async fn update_custom_data(
    cx: Cx,
    Path(id): Path<ApplicationId>,
    Object(data): Object<Map<String, Value>>,
) -> Result<Json<Value>, WebError> {
    Ok(Json(Value::Object(applications::update_custom_data(&cx, &id, data).await?.custom_data)))
}
