//! A tenant as the API shows it.

use keyway_core::Cx;
use keyway_model::resource::management_api;
use keyway_model::tenant::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

/// A tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantView {
    id: String,
    /// What operators call it.
    name: String,
    /// Where browsers and programs reach it.
    address: String,
    /// The issuer of its tokens.
    issuer: String,
    /// The resource for which tokens of its Management API are made.
    management_api: String,
    /// When it was made, in milliseconds.
    created_at: i64,
}

impl TenantView {
    /// The view of a tenant. The addresses of the two that are always there are in the server's settings.
    pub fn new(cx: &Cx, tenant: Tenant) -> Self {
        let address = tenant.address.map_or_else(|| cx.core().endpoint(&tenant.id), |address| address.endpoint);
        Self {
            issuer: format!("{address}/oidc"),
            management_api: management_api(&tenant.id),
            address,
            name: tenant.name,
            created_at: tenant.created_at.0,
            id: tenant.id.0,
        }
    }
}
