//! `/api/resources`

use axum::Json;
use axum::extract::State;
use keyway_model::resource::Resource;
use keyway_model::{ResourceId, ScopeId};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::{Created, NoContent};
use keyway_model::resource::ManagementScope::All;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Resources")
        .add(declaration::get("/api/resources", All, "List resources", list))
        .add(declaration::post("/api/resources", All, "Create a resource", create))
        .add(declaration::get("/api/resources/{id}", All, "Get a resource", get))
        .add(declaration::patch("/api/resources/{id}", All, "Update a resource", update))
        .add(declaration::delete("/api/resources/{id}", All, "Delete a resource", delete))
        .add(declaration::get("/api/resources/{id}/scopes", All, "List scopes", list_scopes))
        .add(declaration::post("/api/resources/{id}/scopes", All, "Create a scope", create_scope))
        .add(declaration::delete("/api/resources/{id}/scopes/{scopeId}", All, "Delete a scope", delete_scope))
}

/// Every API resource.
async fn list(State(web): State<Web>) -> Result<Json<Value>, WebError> {
    Ok(Json(json!(web.core.resources(&web.tenant).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateResource {
    name: String,
    indicator: String,
    /// Seconds; 3600 when absent.
    access_token_ttl: Option<i64>,
}

/// Makes an API resource.
async fn create(State(web): State<Web>, Body(body): Body<CreateResource>) -> Result<Created<Value>, WebError> {
    let ttl = body.access_token_ttl.unwrap_or(keyway_model::oauth::ACCESS_TOKEN_TTL);
    let made = web.core.create_resource(&web.tenant, body.name, body.indicator, ttl).await?;
    Ok(Created(json!(made)))
}

/// One API resource.
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    Ok(Json(json!(web.core.resource(&web.tenant, &ResourceId(id)).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateResource {
    name: Option<String>,
    access_token_ttl: Option<i64>,
}

/// Changes name and token life time; the indicator stays.
async fn update(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<UpdateResource>,
) -> Result<Json<Value>, WebError> {
    let change = move |resource: &mut Resource| {
        if let Some(name) = body.name {
            resource.name = name;
        }
        resource.access_token_ttl = body.access_token_ttl.unwrap_or(resource.access_token_ttl);
    };
    Ok(Json(json!(web.core.update_resource(&web.tenant, &ResourceId(id), change).await?)))
}

/// Removes an API resource with its scopes.
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<NoContent, WebError> {
    web.core.delete_resource(&web.tenant, &ResourceId(id)).await?;
    Ok(NoContent)
}

/// The scopes of a resource.
async fn list_scopes(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    Ok(Json(json!(web.core.scopes(&web.tenant, &ResourceId(id)).await?)))
}

#[derive(Deserialize, ToSchema)]
struct CreateScope {
    name: String,
    description: Option<String>,
}

/// Adds a scope to a resource.
async fn create_scope(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<CreateScope>,
) -> Result<Created<Value>, WebError> {
    let made = web.core.create_scope(&web.tenant, &ResourceId(id), body.name, body.description).await?;
    Ok(Created(json!(made)))
}

/// Removes a scope.
async fn delete_scope(
    State(web): State<Web>,
    Path((id, scope)): Path<(String, String)>,
) -> Result<NoContent, WebError> {
    web.core.delete_scope(&web.tenant, &ResourceId(id), ScopeId(scope)).await?;
    Ok(NoContent)
}
