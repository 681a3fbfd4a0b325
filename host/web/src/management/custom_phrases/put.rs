//! `PUT /api/custom-phrases/{languageTag}`: replaces them whole.

use axum::Json;
use keyway_core::{Cx, custom_phrases};
use keyway_model::custom_phrases::Phrases;

use super::view::PhrasesView;
use crate::error::WebError;
use crate::pages::texts::CATALOGUE;
use crate::request::{Body, Path};

pub async fn put(
    cx: Cx,
    Path(language): Path<String>,
    Body(own): Body<Phrases>,
) -> Result<Json<PhrasesView>, WebError> {
    custom_phrases::put(&cx, &language, &own, &CATALOGUE).await?;
    Ok(Json(PhrasesView::new(&cx, language, own)))
}
