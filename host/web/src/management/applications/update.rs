//! `PATCH /api/applications/{id}`: the given fields; of `oidcClientMetadata`, the given lists.

use axum::Json;
use keyway_core::{Cx, applications};
use keyway_model::application::{ApplicationChange, CustomClientMetadata};
use keyway_model::{ApplicationId, ObjectChange, Patch, Reason, Refusal};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::view::ApplicationView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateApplication {
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    #[schema(value_type = Option<Object>)]
    oidc_client_metadata: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    custom_client_metadata: Option<CustomClientMetadata>,
    #[schema(value_type = Option<Object>)]
    custom_data: Option<Map<String, Value>>,
}

/// Takes a list of addresses out of the metadata; none when it is not given.
fn addresses(fields: &mut Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = fields.remove(name) else { return Ok(None) };
    serde_json::from_value(value)
        .map(Some)
        .map_err(|_| Refusal::invalid_input(&format!("oidcClientMetadata.{name}"), Reason::Addresses))
}

pub async fn update(
    cx: Cx,
    Path(id): Path<ApplicationId>,
    Body(body): Body<UpdateApplication>,
) -> Result<Json<ApplicationView>, WebError> {
    let mut oidc = body.oidc_client_metadata.unwrap_or_default();
    let change = ApplicationChange {
        name: body.name,
        description: body.description,
        redirect_uris: addresses(&mut oidc, "redirectUris")?,
        post_logout_redirect_uris: addresses(&mut oidc, "postLogoutRedirectUris")?,
        oidc_rest: oidc,
        custom_client_metadata: body.custom_client_metadata.map_or(ObjectChange::Keep, ObjectChange::Replace),
        custom_data: body.custom_data.map_or(ObjectChange::Keep, ObjectChange::Replace),
        sign_in_experience: None,
    };
    let changed = applications::update(&cx, &id, change).await?;
    Ok(Json(ApplicationView::with_secret(&cx, changed).await?))
}
