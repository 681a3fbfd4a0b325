//! `PATCH /api/sign-in-exp`: replaces each given setting whole; nothing is saved when one is refused.

use axum::Json;
use keyway_core::{Cx, sign_in_experience};
use serde_json::{Map, Value};

use super::view::SignInExperienceView;
use crate::error::WebError;
use crate::request::Object;

pub async fn update(cx: Cx, Object(patch): Object<Map<String, Value>>) -> Result<Json<SignInExperienceView>, WebError> {
    let settings = sign_in_experience::update(&cx, patch).await?;
    Ok(Json(SignInExperienceView::new(&cx, settings)))
}
