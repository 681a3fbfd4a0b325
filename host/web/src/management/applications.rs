//! `/api/applications`

#![expect(clippy::option_option, reason = "a field that is null differs from one that is absent")]

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use keyway_core::management::{NewApplication, NewSecret};
use keyway_model::application::{
    Application, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::look::ApplicationExperience;
use keyway_model::{ApplicationId, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::paging::{Paged, page};
use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{Body, Object, Pagination, Path};
use crate::response::{Created, NoContent};
use keyway_model::resource::ManagementScope::All;

/// Tells a field that is null from one that is absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(reader: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Applications")
        .add(declaration::get(
            "/api/applications/{id}/sign-in-experience",
            All,
            "Get the sign-in experience of an application",
            experience,
        ))
        .add(declaration::put(
            "/api/applications/{id}/sign-in-experience",
            All,
            "Replace the sign-in experience of an application",
            put_experience,
        ))
        .add(declaration::get("/api/applications", All, "List applications", list))
        .add(declaration::post("/api/applications", All, "Create an application", create))
        .add(declaration::get("/api/applications/{id}", All, "Get an application", get))
        .add(declaration::patch("/api/applications/{id}", All, "Update an application", update))
        .add(declaration::patch(
            "/api/applications/{id}/custom-data",
            All,
            "Update an application's custom data",
            update_custom_data,
        ))
        .add(declaration::delete("/api/applications/{id}", All, "Delete an application", delete))
        .add(declaration::get("/api/applications/{id}/secrets", All, "List secrets", list_secrets))
        .add(declaration::post("/api/applications/{id}/secrets", All, "Add a secret", create_secret))
        .add(declaration::delete("/api/applications/{id}/secrets/{name}", All, "Delete a secret", delete_secret))
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
async fn experience(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let found = web.core.application(&web.tenant, &ApplicationId(id.clone())).await?;
    Ok(Json(experience_view(&web, &id, &found.sign_in_experience)))
}

/// Replaces it.
async fn put_experience(
    State(web): State<Web>,
    Path(id): Path<String>,
    Object(body): Object<ApplicationExperience>,
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
async fn list(State(web): State<Web>, paging: Pagination, uri: Uri) -> Result<Paged<Value>, WebError> {
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
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let found = web.core.application(&web.tenant, &ApplicationId(id)).await?;
    shown(&web, &found).await
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateApplication {
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    description: Option<Option<String>>,
    #[schema(value_type = Option<Object>)]
    oidc_client_metadata: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    custom_client_metadata: Option<CustomClientMetadata>,
    #[schema(value_type = Option<Object>)]
    custom_data: Option<Map<String, Value>>,
}

/// Changes the given fields; of `oidcClientMetadata`, the given lists.
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
async fn update_custom_data(
    State(web): State<Web>,
    Path(id): Path<String>,
    Object(data): Object<Map<String, Value>>,
) -> Result<Json<Value>, WebError> {
    let change = move |application: &mut Application| application.custom_data.extend(data);
    let changed = web.core.update_application(&web.tenant, &ApplicationId(id), change).await?;
    Ok(Json(Value::Object(changed.custom_data)))
}

/// Removes an application with everybody's tokens for it.
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<NoContent, WebError> {
    web.core.delete_application(&web.tenant, &ApplicationId(id)).await?;
    Ok(NoContent)
}

/// The secrets of an application, oldest first.
async fn list_secrets(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
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
async fn create_secret(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<CreateSecret>,
) -> Result<Created<Value>, WebError> {
    let new = NewSecret { name: body.name, expires_at: body.expires_at.map(Timestamp) };
    let made = web.core.create_application_secret(&web.tenant, &ApplicationId(id.clone()), new).await?;
    Ok(Created(secret_view(&web, &id, &made)))
}

/// Removes a secret.
async fn delete_secret(
    State(web): State<Web>,
    Path((id, name)): Path<(String, String)>,
) -> Result<NoContent, WebError> {
    web.core.delete_application_secret(&web.tenant, &ApplicationId(id), name).await?;
    Ok(NoContent)
}
