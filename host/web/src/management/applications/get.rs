//! `GET /api/applications/{id}`

use axum::Json;
use keyway_core::{Cx, applications};
use keyway_model::ApplicationId;

use super::view::ApplicationView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get(cx: Cx, Path(id): Path<ApplicationId>) -> Result<Json<ApplicationView>, WebError> {
    let found = applications::get(&cx, &id).await?;
    Ok(Json(ApplicationView::with_secret(&cx, found).await?))
}
