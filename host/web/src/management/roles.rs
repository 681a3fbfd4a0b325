//! `/api/roles`, and the roles of applications

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use keyway_model::resource::{Role, RoleType};
use keyway_model::{ApplicationId, RoleId, ScopeId};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::users::RoleIds;
use crate::Web;
use crate::error::WebError;
use crate::request::Body;

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, delete))
        .routes(routes!(list_scopes, add_scopes))
        .routes(routes!(remove_scope))
        .routes(routes!(list_of_application, add_to_application))
        .routes(routes!(remove_from_application))
}

/// Every role.
#[utoipa::path(get, path = "/api/roles", tag = "Roles", summary = "List roles", responses((status = 200)))]
async fn list(State(web): State<Web>) -> Result<Json<Vec<Role>>, WebError> {
    Ok(Json(web.core.roles(&web.tenant).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateRole {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(rename = "type")]
    #[schema(value_type = Option<String>, example = "User")]
    kind: Option<RoleType>,
    #[serde(default)]
    is_default: bool,
    #[serde(default)]
    scope_ids: Vec<String>,
}

/// Makes a role.
#[utoipa::path(post, path = "/api/roles", tag = "Roles", summary = "Create a role", request_body = CreateRole,
    responses((status = 200), (status = 400), (status = 422)))]
async fn create(State(web): State<Web>, Body(body): Body<CreateRole>) -> Result<Json<Role>, WebError> {
    let scopes = body.scope_ids.into_iter().map(ScopeId).collect();
    let kind = body.kind.unwrap_or(RoleType::User);
    let made = web.core.create_role(&web.tenant, body.name, body.description, kind, body.is_default, scopes);
    Ok(Json(made.await?))
}

/// One role.
#[utoipa::path(get, path = "/api/roles/{id}", tag = "Roles", summary = "Get a role", params(("id" = String, Path)),
    responses((status = 200), (status = 404)))]
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Role>, WebError> {
    Ok(Json(web.core.role(&web.tenant, &RoleId(id)).await?))
}

/// Removes a role from everybody.
#[utoipa::path(delete, path = "/api/roles/{id}", tag = "Roles", summary = "Delete a role", params(("id" = String, Path)),
    responses((status = 204), (status = 404)))]
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<StatusCode, WebError> {
    web.core.delete_role(&web.tenant, &RoleId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The scopes that a role holds.
#[utoipa::path(get, path = "/api/roles/{id}/scopes", tag = "Roles", summary = "List a role's scopes",
    params(("id" = String, Path)), responses((status = 200), (status = 404)))]
async fn list_scopes(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    Ok(Json(json!(web.core.role_scopes(&web.tenant, &RoleId(id)).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScopeIds {
    scope_ids: Vec<String>,
}

/// Adds scopes to a role.
#[utoipa::path(post, path = "/api/roles/{id}/scopes", tag = "Roles", summary = "Add scopes to a role",
    params(("id" = String, Path)), request_body = ScopeIds, responses((status = 201), (status = 400), (status = 404)))]
async fn add_scopes(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<ScopeIds>,
) -> Result<StatusCode, WebError> {
    let scopes = body.scope_ids.into_iter().map(ScopeId).collect();
    web.core.add_role_scopes(&web.tenant, &RoleId(id), scopes).await?;
    Ok(StatusCode::CREATED)
}

/// Takes a scope from a role.
#[utoipa::path(delete, path = "/api/roles/{id}/scopes/{scopeId}", tag = "Roles", summary = "Take a scope from a role",
    params(("id" = String, Path), ("scopeId" = String, Path)), responses((status = 204), (status = 404)))]
async fn remove_scope(
    State(web): State<Web>,
    Path((id, scope)): Path<(String, String)>,
) -> Result<StatusCode, WebError> {
    web.core.remove_role_scope(&web.tenant, &RoleId(id), ScopeId(scope)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The roles of a machine-to-machine application.
#[utoipa::path(get, path = "/api/applications/{id}/roles", tag = "Applications", summary = "List an application's roles",
    params(("id" = String, Path)), responses((status = 200), (status = 404)))]
async fn list_of_application(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Vec<Role>>, WebError> {
    Ok(Json(web.core.application_roles(&web.tenant, &ApplicationId(id)).await?))
}

/// Gives roles to a machine-to-machine application.
#[utoipa::path(post, path = "/api/applications/{id}/roles", tag = "Applications", summary = "Give roles to an application",
    params(("id" = String, Path)), request_body = RoleIds, responses((status = 201), (status = 404), (status = 422)))]
async fn add_to_application(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<RoleIds>,
) -> Result<StatusCode, WebError> {
    let roles = body.role_ids.into_iter().map(RoleId).collect();
    web.core.add_application_roles(&web.tenant, &ApplicationId(id), roles).await?;
    Ok(StatusCode::CREATED)
}

/// Takes a role from an application.
#[utoipa::path(delete, path = "/api/applications/{id}/roles/{roleId}", tag = "Applications",
    summary = "Take a role from an application", params(("id" = String, Path), ("roleId" = String, Path)),
    responses((status = 204), (status = 404)))]
async fn remove_from_application(
    State(web): State<Web>,
    Path((id, role)): Path<(String, String)>,
) -> Result<StatusCode, WebError> {
    web.core.remove_application_role(&web.tenant, &ApplicationId(id), RoleId(role)).await?;
    Ok(StatusCode::NO_CONTENT)
}
