//! An e-mail template as the API shows it.

use keyway_core::Cx;
use keyway_model::email_template::EmailTemplate;
use serde::Serialize;
use utoipa::ToSchema;

/// An e-mail template.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmailTemplateView {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    template: EmailTemplate,
    tenant_id: String,
}

impl EmailTemplateView {
    /// A template of the tenant.
    pub fn new(cx: &Cx, template: EmailTemplate) -> Self {
        Self { template, tenant_id: cx.tenant.0.clone() }
    }
}
