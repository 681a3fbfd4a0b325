//! `GET /api/configs/oidc/{keyType}`: the signing keys, without their private halves.

use axum::Json;
use keyway_core::{Cx, signing_keys};

use super::check_kind;
use super::view::KeyView;
use crate::error::WebError;
use crate::request::Path;

pub async fn list(cx: Cx, Path(key_type): Path<String>) -> Result<Json<Vec<KeyView>>, WebError> {
    check_kind(&key_type)?;
    Ok(Json(signing_keys::list(&cx).await?.into_iter().map(KeyView::from).collect()))
}
