//! `GET /api/custom-phrases`: in every language.

use axum::Json;
use keyway_core::{Cx, custom_phrases};

use super::view::PhrasesView;
use crate::error::WebError;

pub async fn list(cx: Cx) -> Result<Json<Vec<PhrasesView>>, WebError> {
    let known = custom_phrases::list(&cx).await?;
    Ok(Json(known.into_iter().map(|(language, own)| PhrasesView::new(&cx, language, own)).collect()))
}
