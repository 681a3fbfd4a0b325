//! `GET /api/custom-phrases/{languageTag}`

use axum::Json;
use keyway_core::{Cx, custom_phrases};

use super::view::PhrasesView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get(cx: Cx, Path(language): Path<String>) -> Result<Json<PhrasesView>, WebError> {
    let own = custom_phrases::get(&cx, &language).await?;
    Ok(Json(PhrasesView::new(&cx, language, own)))
}
