//! `POST /api/applications`: the answer holds the first secret.

use axum::Json;
use keyway_core::Cx;
use keyway_core::applications::{self, NewApplication};
use keyway_model::application::{ApplicationType, CustomClientMetadata, OidcClientMetadata};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::view::ApplicationView;
use crate::error::WebError;
use crate::request::Body;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateApplication {
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

pub async fn create(cx: Cx, Body(body): Body<CreateApplication>) -> Result<Json<ApplicationView>, WebError> {
    let new = NewApplication {
        name: body.name,
        description: body.description,
        kind: body.kind,
        oidc_client_metadata: body.oidc_client_metadata,
        custom_client_metadata: body.custom_client_metadata,
        custom_data: body.custom_data,
        is_third_party: body.is_third_party,
    };
    let made = applications::create(&cx, new).await?;
    Ok(Json(ApplicationView::with_secret(&cx, made).await?))
}
