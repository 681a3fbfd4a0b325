//! An application, its secrets and its look as the API shows them.

use keyway_core::{Cx, applications};
use keyway_model::application::{
    Application, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::look::ApplicationExperience;
use keyway_model::{ApplicationId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::WebError;

/// An OAuth client.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationView {
    tenant_id: String,
    id: String,
    name: String,
    /// The oldest secret; null in lists, and for public clients.
    secret: Option<String>,
    description: Option<String>,
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "Traditional")]
    kind: ApplicationType,
    #[schema(value_type = Object)]
    oidc_client_metadata: OidcClientMetadata,
    #[schema(value_type = Object)]
    custom_client_metadata: CustomClientMetadata,
    #[schema(value_type = Option<Object>)]
    protected_app_metadata: Option<Value>,
    is_third_party: bool,
    #[schema(value_type = Object)]
    custom_data: Map<String, Value>,
    /// In milliseconds.
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl ApplicationView {
    /// An application without its secret.
    pub fn new(cx: &Cx, application: Application) -> Self {
        Self {
            tenant_id: cx.tenant.0.clone(),
            id: application.id.0,
            name: application.name,
            secret: None,
            description: application.description,
            kind: application.kind,
            oidc_client_metadata: application.oidc_client_metadata,
            custom_client_metadata: application.custom_client_metadata,
            protected_app_metadata: None,
            is_third_party: application.is_third_party,
            custom_data: application.custom_data,
            created_at: application.created_at,
        }
    }

    /// An application with its oldest secret.
    pub async fn with_secret(cx: &Cx, application: Application) -> Result<Self, WebError> {
        let secrets = applications::secrets(cx, &application.id).await?;
        let secret = secrets.into_iter().next().map(|secret| secret.value);
        Ok(Self { secret, ..Self::new(cx, application) })
    }
}

/// A secret of an application.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretView {
    tenant_id: String,
    application_id: String,
    name: String,
    value: String,
    /// In milliseconds.
    #[schema(value_type = i64)]
    created_at: Timestamp,
    /// In milliseconds; never when null.
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Timestamp>,
}

impl SecretView {
    /// A secret of an application.
    pub fn new(cx: &Cx, id: &ApplicationId, secret: ApplicationSecret) -> Self {
        Self {
            tenant_id: cx.tenant.0.clone(),
            application_id: id.0.clone(),
            name: secret.name,
            value: secret.value,
            created_at: secret.created_at,
            expires_at: secret.expires_at,
        }
    }
}

/// What the sign-in pages look like for an application.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationExperienceView {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    experience: ApplicationExperience,
    tenant_id: String,
    application_id: String,
}

impl ApplicationExperienceView {
    /// The look of an application.
    pub fn new(cx: &Cx, id: ApplicationId, experience: ApplicationExperience) -> Self {
        Self { experience, tenant_id: cx.tenant.0.clone(), application_id: id.0 }
    }
}
