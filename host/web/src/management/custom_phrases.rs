//! `/api/custom-phrases`: the sign-in pages in the tenant's own words. The names of the sentences are Keyway's own.

use axum::Json;
use axum::extract::State;
use keyway_model::ErrorCode;
use keyway_model::phrases::Phrases;
use serde_json::{Value, json};

use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::pages::texts::CATALOGUE;
use crate::request::{Body, Path};
use crate::response::NoContent;
use keyway_model::resource::ManagementScope::All;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Custom phrases")
        .add(declaration::get("/api/custom-phrases", All, "List custom phrases", list))
        .add(declaration::get("/api/custom-phrases/{languageTag}", All, "Get custom phrases", show))
        .add(declaration::put("/api/custom-phrases/{languageTag}", All, "Replace custom phrases", put))
        .add(declaration::delete("/api/custom-phrases/{languageTag}", All, "Delete custom phrases", delete))
}

fn view(web: &Web, language: &str, own: &Phrases) -> Value {
    json!({ "tenantId": web.tenant, "id": language, "languageTag": language, "translation": own })
}

/// The tenant's own words in every language.
async fn list(State(web): State<Web>) -> Result<Json<Value>, WebError> {
    let known = web.core.phrases(&web.tenant).await?;
    Ok(Json(known.iter().map(|(language, own)| view(&web, language, own)).collect()))
}

/// The tenant's own words in a language.
async fn show(State(web): State<Web>, Path(language): Path<String>) -> Result<Json<Value>, WebError> {
    let known = web.core.phrases(&web.tenant).await?;
    let own = known.iter().find(|(tag, _)| *tag == language).ok_or(ErrorCode::EntityNotFound)?;
    Ok(Json(view(&web, &language, &own.1)))
}

/// Replaces them.
async fn put(
    State(web): State<Web>,
    Path(language): Path<String>,
    Body(own): Body<Phrases>,
) -> Result<Json<Value>, WebError> {
    web.core.put_phrases(&web.tenant, language.clone(), own.clone(), &CATALOGUE).await?;
    Ok(Json(view(&web, &language, &own)))
}

/// Takes them back.
async fn delete(State(web): State<Web>, Path(language): Path<String>) -> Result<NoContent, WebError> {
    web.core.delete_phrases(&web.tenant, language).await?;
    Ok(NoContent)
}
