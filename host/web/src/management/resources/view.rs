//! A resource and a scope as the API shows them.

use keyway_model::resource::{Resource, Scope};
use serde::Serialize;
use utoipa::ToSchema;

/// An API that tokens are made for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceView {
    id: String,
    name: String,
    indicator: String,
    is_default: bool,
    /// Seconds that a token for it lives.
    access_token_ttl: i64,
}

impl From<Resource> for ResourceView {
    fn from(resource: Resource) -> Self {
        let Resource { id, name, indicator, is_default, access_token_ttl } = resource;
        Self { id: id.0, name, indicator, is_default, access_token_ttl }
    }
}

/// A permission of a resource.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeView {
    id: String,
    resource_id: String,
    name: String,
    description: Option<String>,
    /// In milliseconds.
    created_at: i64,
}

impl From<Scope> for ScopeView {
    fn from(scope: Scope) -> Self {
        let Scope { id, resource_id, name, description, created_at } = scope;
        Self { id: id.0, resource_id: resource_id.0, name, description, created_at }
    }
}
