//! `PUT /api/applications/{id}/sign-in-experience`: replaces it whole.

use axum::Json;
use keyway_core::{Cx, applications};
use keyway_model::ApplicationId;
use keyway_model::look::ApplicationExperience;

use super::view::ApplicationExperienceView;
use crate::error::WebError;
use crate::request::{Object, Path};

pub async fn put_sign_in_experience(
    cx: Cx,
    Path(id): Path<ApplicationId>,
    Object(body): Object<ApplicationExperience>,
) -> Result<Json<ApplicationExperienceView>, WebError> {
    let saved = applications::put_experience(&cx, &id, body).await?;
    Ok(Json(ApplicationExperienceView::new(&cx, id, saved)))
}
