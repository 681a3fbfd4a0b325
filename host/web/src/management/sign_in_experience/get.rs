//! `GET /api/sign-in-exp`

use axum::Json;
use keyway_core::{Cx, sign_in_experience};

use super::view::SignInExperienceView;
use crate::error::WebError;

pub async fn get(cx: Cx) -> Result<Json<SignInExperienceView>, WebError> {
    let settings = sign_in_experience::get(&cx).await?;
    Ok(Json(SignInExperienceView::new(&cx, settings)))
}
