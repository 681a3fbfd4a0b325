//! `/api/resources`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use keyway_model::resource::Resource;
use keyway_model::{ResourceId, ScopeId};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::error::WebError;
use crate::request::Body;

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(list_scopes, create_scope))
        .routes(routes!(delete_scope))
}

/// Every API resource.
#[utoipa::path(get, path = "/api/resources", tag = "Resources", summary = "List resources", responses((status = 200)))]
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
#[utoipa::path(post, path = "/api/resources", tag = "Resources", summary = "Create a resource",
    request_body = CreateResource, responses((status = 201), (status = 400), (status = 422)))]
async fn create(
    State(web): State<Web>,
    Body(body): Body<CreateResource>,
) -> Result<(StatusCode, Json<Resource>), WebError> {
    let ttl = body.access_token_ttl.unwrap_or(keyway_model::oauth::ACCESS_TOKEN_TTL);
    let made = web.core.create_resource(&web.tenant, body.name, body.indicator, ttl).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// One API resource.
#[utoipa::path(get, path = "/api/resources/{id}", tag = "Resources", summary = "Get a resource",
    params(("id" = String, Path)), responses((status = 200), (status = 404)))]
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Resource>, WebError> {
    Ok(Json(web.core.resource(&web.tenant, &ResourceId(id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateResource {
    name: Option<String>,
    access_token_ttl: Option<i64>,
}

/// Changes name and token life time; the indicator stays.
#[utoipa::path(patch, path = "/api/resources/{id}", tag = "Resources", summary = "Update a resource",
    params(("id" = String, Path)), request_body = UpdateResource, responses((status = 200), (status = 400), (status = 404)))]
async fn update(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<UpdateResource>,
) -> Result<Json<Resource>, WebError> {
    let change = move |resource: &mut Resource| {
        if let Some(name) = body.name {
            resource.name = name;
        }
        resource.access_token_ttl = body.access_token_ttl.unwrap_or(resource.access_token_ttl);
    };
    Ok(Json(web.core.update_resource(&web.tenant, &ResourceId(id), change).await?))
}

/// Removes an API resource with its scopes.
#[utoipa::path(delete, path = "/api/resources/{id}", tag = "Resources", summary = "Delete a resource",
    params(("id" = String, Path)), responses((status = 204), (status = 400), (status = 404)))]
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<StatusCode, WebError> {
    web.core.delete_resource(&web.tenant, &ResourceId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The scopes of a resource.
#[utoipa::path(get, path = "/api/resources/{id}/scopes", tag = "Resources", summary = "List scopes",
    params(("id" = String, Path)), responses((status = 200), (status = 404)))]
async fn list_scopes(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    Ok(Json(json!(web.core.scopes(&web.tenant, &ResourceId(id)).await?)))
}

#[derive(Deserialize, ToSchema)]
struct CreateScope {
    name: String,
    description: Option<String>,
}

/// Adds a scope to a resource.
#[utoipa::path(post, path = "/api/resources/{id}/scopes", tag = "Resources", summary = "Create a scope",
    params(("id" = String, Path)), request_body = CreateScope,
    responses((status = 201), (status = 400), (status = 404), (status = 422)))]
async fn create_scope(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<CreateScope>,
) -> Result<(StatusCode, Json<Value>), WebError> {
    let made = web.core.create_scope(&web.tenant, &ResourceId(id), body.name, body.description).await?;
    Ok((StatusCode::CREATED, Json(json!(made))))
}

/// Removes a scope.
#[utoipa::path(delete, path = "/api/resources/{id}/scopes/{scopeId}", tag = "Resources", summary = "Delete a scope",
    params(("id" = String, Path), ("scopeId" = String, Path)), responses((status = 204), (status = 404)))]
async fn delete_scope(
    State(web): State<Web>,
    Path((id, scope)): Path<(String, String)>,
) -> Result<StatusCode, WebError> {
    web.core.delete_scope(&web.tenant, &ResourceId(id), ScopeId(scope)).await?;
    Ok(StatusCode::NO_CONTENT)
}
