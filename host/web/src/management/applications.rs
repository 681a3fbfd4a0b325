//! `/api/applications`

#![expect(clippy::option_option, reason = "a field that is null differs from one that is absent")]

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use keyway_core::management::{NewApplication, NewSecret};
use keyway_model::application::{
    Application, ApplicationExperience, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::{ApplicationId, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::page;
use crate::Web;
use crate::error::WebError;
use crate::request::{Body, Pagination};

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(update_custom_data))
        .routes(routes!(list_secrets, create_secret))
        .routes(routes!(delete_secret))
        .routes(routes!(experience, put_experience))
}

fn view(web: &Web, application: &Application, secret: Option<&str>) -> Value {
    json!({
        "tenantId": web.tenant,
        "id": application.id,
        "name": application.name,
        "secret": secret,
        "description": application.description,
        "type": application.kind,
        "oidcClientMetadata": application.oidc_client_metadata,
        "customClientMetadata": application.custom_client_metadata,
        "protectedAppMetadata": null,
        "isThirdParty": application.is_third_party,
        "customData": application.custom_data,
        "createdAt": application.created_at,
    })
}

fn experience_view(web: &Web, id: &str, experience: &ApplicationExperience) -> Value {
    let mut shown = json!(experience);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("tenantId".into(), json!(web.tenant));
        fields.insert("applicationId".into(), json!(id));
    }
    shown
}

/// What the sign-in pages look like for the application.
#[utoipa::path(get, path = "/api/applications/{id}/sign-in-experience", tag = "Applications",
    summary = "Get the sign-in experience of an application", params(("id" = String, Path)),
    responses((status = 200), (status = 404)))]
async fn experience(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let found = web.core.application(&web.tenant, &ApplicationId(id.clone())).await?;
    Ok(Json(experience_view(&web, &id, &found.sign_in_experience)))
}

/// Replaces it.
#[utoipa::path(put, path = "/api/applications/{id}/sign-in-experience", tag = "Applications",
    summary = "Replace the sign-in experience of an application", params(("id" = String, Path)),
    request_body = serde_json::Value, responses((status = 200), (status = 400), (status = 404)))]
async fn put_experience(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<ApplicationExperience>,
) -> Result<Json<Value>, WebError> {
    let saved = web.core.put_application_experience(&web.tenant, &ApplicationId(id.clone()), body).await?;
    Ok(Json(experience_view(&web, &id, &saved)))
}

fn secret_view(web: &Web, id: &str, secret: &ApplicationSecret) -> Value {
    json!({
        "tenantId": web.tenant,
        "applicationId": id,
        "name": secret.name,
        "value": secret.value,
        "createdAt": secret.created_at,
        "expiresAt": secret.expires_at,
    })
}

/// Lists applications, newest first.
#[utoipa::path(get, path = "/api/applications", tag = "Applications", summary = "List applications",
    params(("page" = Option<i64>, Query), ("page_size" = Option<i64>, Query)), responses((status = 200)))]
async fn list(State(web): State<Web>, paging: Pagination, uri: Uri) -> Result<Response, WebError> {
    let (found, total) = web.core.applications(&web.tenant, paging.page()).await?;
    Ok(page(found.iter().map(|application| view(&web, application, None)).collect(), total, paging, &uri))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateApplication {
    name: String,
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "Traditional")]
    kind: ApplicationType,
    description: Option<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    oidc_client_metadata: OidcClientMetadata,
    #[serde(default)]
    #[schema(value_type = Object)]
    custom_client_metadata: CustomClientMetadata,
    #[serde(default)]
    #[schema(value_type = Object)]
    custom_data: Map<String, Value>,
    #[serde(default)]
    is_third_party: bool,
}

/// Makes an application; the answer holds its first secret.
#[utoipa::path(post, path = "/api/applications", tag = "Applications", summary = "Create an application",
    request_body = CreateApplication, responses((status = 200), (status = 400), (status = 422)))]
async fn create(State(web): State<Web>, Body(body): Body<CreateApplication>) -> Result<Json<Value>, WebError> {
    let new = NewApplication {
        name: body.name,
        description: body.description,
        kind: body.kind,
        oidc_client_metadata: body.oidc_client_metadata,
        custom_client_metadata: body.custom_client_metadata,
        custom_data: body.custom_data,
        is_third_party: body.is_third_party,
    };
    let made = web.core.create_application(&web.tenant, new).await?;
    shown(&web, &made).await
}

async fn shown(web: &Web, application: &Application) -> Result<Json<Value>, WebError> {
    let secrets = web.core.application_secrets(&web.tenant, &application.id).await?;
    Ok(Json(view(web, application, secrets.first().map(|secret| secret.value.as_str()))))
}

/// One application.
#[utoipa::path(get, path = "/api/applications/{id}", tag = "Applications", summary = "Get an application",
    params(("id" = String, Path)), responses((status = 200), (status = 404)))]
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let found = web.core.application(&web.tenant, &ApplicationId(id)).await?;
    shown(&web, &found).await
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateApplication {
    name: Option<String>,
    #[serde(default, deserialize_with = "super::users::given")]
    description: Option<Option<String>>,
    #[schema(value_type = Option<Object>)]
    oidc_client_metadata: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    custom_client_metadata: Option<CustomClientMetadata>,
    #[schema(value_type = Option<Object>)]
    custom_data: Option<Map<String, Value>>,
}

/// Changes the given fields; of `oidcClientMetadata`, the given lists.
#[utoipa::path(patch, path = "/api/applications/{id}", tag = "Applications", summary = "Update an application",
    params(("id" = String, Path)), request_body = UpdateApplication,
    responses((status = 200), (status = 400), (status = 404), (status = 422)))]
async fn update(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<UpdateApplication>,
) -> Result<Json<Value>, WebError> {
    let oidc = match body.oidc_client_metadata {
        Some(fields) => Some(oidc_patch(fields)?),
        None => None,
    };
    let change = move |application: &mut Application| {
        if let Some(name) = body.name {
            application.name = name;
        }
        if let Some(description) = body.description {
            application.description = description;
        }
        if let Some(OidcPatch { redirects, post_logout, rest }) = oidc {
            let metadata = &mut application.oidc_client_metadata;
            metadata.redirect_uris = redirects.unwrap_or_else(|| metadata.redirect_uris.clone());
            metadata.post_logout_redirect_uris =
                post_logout.unwrap_or_else(|| metadata.post_logout_redirect_uris.clone());
            metadata.rest.extend(rest);
        }
        if let Some(custom) = body.custom_client_metadata {
            application.custom_client_metadata = custom;
        }
        if let Some(data) = body.custom_data {
            application.custom_data = data;
        }
    };
    let changed = web.core.update_application(&web.tenant, &ApplicationId(id), change).await?;
    shown(&web, &changed).await
}

/// What a change says of `oidcClientMetadata`.
#[derive(Clone)]
struct OidcPatch {
    redirects: Option<Vec<String>>,
    post_logout: Option<Vec<String>>,
    rest: Map<String, Value>,
}

fn oidc_patch(mut fields: Map<String, Value>) -> Result<OidcPatch, WebError> {
    let mut list = |name: &str| match fields.remove(name) {
        None => Ok(None),
        Some(value) => serde_json::from_value(value).map(Some).map_err(|_| {
            let field = format!("oidcClientMetadata.{name}");
            keyway_model::Refusal::invalid_input(&field, "must be a list of addresses")
        }),
    };
    let (redirects, post_logout) = (list("redirectUris")?, list("postLogoutRedirectUris")?);
    Ok(OidcPatch { redirects, post_logout, rest: fields })
}

/// Merges into the admin's own data.
#[utoipa::path(patch, path = "/api/applications/{id}/custom-data", tag = "Applications",
    summary = "Update an application's custom data", params(("id" = String, Path)), request_body = Object,
    responses((status = 200), (status = 404)))]
async fn update_custom_data(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(data): Body<Map<String, Value>>,
) -> Result<Json<Value>, WebError> {
    let change = move |application: &mut Application| application.custom_data.extend(data);
    let changed = web.core.update_application(&web.tenant, &ApplicationId(id), change).await?;
    Ok(Json(Value::Object(changed.custom_data)))
}

/// Removes an application with everybody's tokens for it.
#[utoipa::path(delete, path = "/api/applications/{id}", tag = "Applications", summary = "Delete an application",
    params(("id" = String, Path)), responses((status = 204), (status = 404)))]
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<StatusCode, WebError> {
    web.core.delete_application(&web.tenant, &ApplicationId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The secrets of an application, oldest first.
#[utoipa::path(get, path = "/api/applications/{id}/secrets", tag = "Applications", summary = "List secrets",
    params(("id" = String, Path)), responses((status = 200), (status = 404)))]
async fn list_secrets(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Vec<Value>>, WebError> {
    let secrets = web.core.application_secrets(&web.tenant, &ApplicationId(id.clone())).await?;
    Ok(Json(secrets.iter().map(|secret| secret_view(&web, &id, secret)).collect()))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateSecret {
    name: String,
    /// Milliseconds since 1970; never when absent.
    expires_at: Option<i64>,
}

/// Adds a secret beside those that are there.
#[utoipa::path(post, path = "/api/applications/{id}/secrets", tag = "Applications", summary = "Add a secret",
    params(("id" = String, Path)), request_body = CreateSecret, responses((status = 201), (status = 400), (status = 422)))]
async fn create_secret(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<CreateSecret>,
) -> Result<(StatusCode, Json<Value>), WebError> {
    let new = NewSecret { name: body.name, expires_at: body.expires_at.map(Timestamp) };
    let made = web.core.create_application_secret(&web.tenant, &ApplicationId(id.clone()), new).await?;
    Ok((StatusCode::CREATED, Json(secret_view(&web, &id, &made))))
}

/// Removes a secret.
#[utoipa::path(delete, path = "/api/applications/{id}/secrets/{name}", tag = "Applications", summary = "Delete a secret",
    params(("id" = String, Path), ("name" = String, Path)), responses((status = 204), (status = 404)))]
async fn delete_secret(
    State(web): State<Web>,
    Path((id, name)): Path<(String, String)>,
) -> Result<StatusCode, WebError> {
    web.core.delete_application_secret(&web.tenant, &ApplicationId(id), name).await?;
    Ok(StatusCode::NO_CONTENT)
}
