//! The sign-in settings as the API shows them.

use keyway_core::Cx;
use keyway_model::sign_in_experience::SignInExperience;
use serde::Serialize;
use utoipa::ToSchema;

/// The sign-in settings of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInExperienceView {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    experience: SignInExperience,
    /// `default`.
    id: &'static str,
    tenant_id: String,
}

impl SignInExperienceView {
    /// The settings of the tenant.
    pub fn new(cx: &Cx, experience: SignInExperience) -> Self {
        Self { experience, id: "default", tenant_id: cx.tenant.0.clone() }
    }
}
