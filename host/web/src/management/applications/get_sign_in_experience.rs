//! `GET /api/applications/{id}/sign-in-experience`: what the pages look like for the application.

use axum::Json;
use keyway_core::{Cx, applications};
use keyway_model::ApplicationId;

use super::view::ApplicationExperienceView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get_sign_in_experience(
    cx: Cx,
    Path(id): Path<ApplicationId>,
) -> Result<Json<ApplicationExperienceView>, WebError> {
    let found = applications::get(&cx, &id).await?;
    Ok(Json(ApplicationExperienceView::new(&cx, id, found.sign_in_experience)))
}
