//! `/api/custom-phrases`: the sign-in pages in the tenant's own words. The names of the sentences are Keyway's own.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use keyway_model::ErrorCode;
use keyway_model::phrases::Phrases;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::error::WebError;
use crate::pages::texts::is_phrase;
use crate::request::Body;

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, put, delete))
}

fn view(web: &Web, language: &str, own: &Phrases) -> Value {
    json!({ "tenantId": web.tenant, "id": language, "languageTag": language, "translation": own })
}

/// The tenant's own words in every language.
#[utoipa::path(get, path = "/api/custom-phrases", tag = "Custom phrases", summary = "List custom phrases",
    responses((status = 200)))]
async fn list(State(web): State<Web>) -> Result<Json<Value>, WebError> {
    let known = web.core.phrases(&web.tenant).await?;
    Ok(Json(known.iter().map(|(language, own)| view(&web, language, own)).collect()))
}

/// The tenant's own words in a language.
#[utoipa::path(get, path = "/api/custom-phrases/{languageTag}", tag = "Custom phrases", summary = "Get custom phrases",
    params(("languageTag" = String, Path)), responses((status = 200), (status = 404)))]
async fn show(State(web): State<Web>, Path(language): Path<String>) -> Result<Json<Value>, WebError> {
    let known = web.core.phrases(&web.tenant).await?;
    let own = known.iter().find(|(tag, _)| *tag == language).ok_or(ErrorCode::EntityNotFound)?;
    Ok(Json(view(&web, &language, &own.1)))
}

/// Replaces them.
#[utoipa::path(put, path = "/api/custom-phrases/{languageTag}", tag = "Custom phrases", summary = "Replace custom phrases",
    params(("languageTag" = String, Path)), request_body = serde_json::Value, responses((status = 200), (status = 400)))]
async fn put(
    State(web): State<Web>,
    Path(language): Path<String>,
    Body(own): Body<Phrases>,
) -> Result<Json<Value>, WebError> {
    web.core.put_phrases(&web.tenant, language.clone(), own.clone(), is_phrase).await?;
    Ok(Json(view(&web, &language, &own)))
}

/// Takes them back.
#[utoipa::path(delete, path = "/api/custom-phrases/{languageTag}", tag = "Custom phrases", summary = "Delete custom phrases",
    params(("languageTag" = String, Path)), responses((status = 204), (status = 404)))]
async fn delete(State(web): State<Web>, Path(language): Path<String>) -> Result<StatusCode, WebError> {
    web.core.delete_phrases(&web.tenant, language).await?;
    Ok(StatusCode::NO_CONTENT)
}
