//! `PUT /api/custom-phrases/{languageTag}`: replaces them whole.

use axum::Json;
use keyway_core::{Cx, phrases};
use keyway_model::phrases::Phrases;

use super::view::PhrasesView;
use crate::error::WebError;
use crate::pages::texts::CATALOGUE;
use crate::request::{Body, Path};

pub async fn put(
    cx: Cx,
    Path(language): Path<String>,
    Body(own): Body<Phrases>,
) -> Result<Json<PhrasesView>, WebError> {
    phrases::put(&cx, &language, &own, &CATALOGUE).await?;
    Ok(Json(PhrasesView::new(&cx, language, own)))
}
