//! `GET /api/applications/{id}/secrets`: oldest first.

use axum::Json;
use keyway_core::{Cx, applications};
use keyway_model::ApplicationId;

use super::view::SecretView;
use crate::error::WebError;
use crate::request::Path;

pub async fn list_secrets(cx: Cx, Path(id): Path<ApplicationId>) -> Result<Json<Vec<SecretView>>, WebError> {
    let secrets = applications::secrets(&cx, &id).await?;
    Ok(Json(secrets.into_iter().map(|secret| SecretView::new(&cx, &id, secret)).collect()))
}
