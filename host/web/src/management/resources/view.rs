//! A resource and a scope as the API shows them.

use keyway_core::Cx;
use keyway_model::resource::{Resource, Scope};
use serde::Serialize;
use utoipa::ToSchema;

/// An API that tokens are made for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceView {
    tenant_id: String,
    id: String,
    name: String,
    indicator: String,
    is_default: bool,
    /// Seconds that a token for it lives.
    access_token_ttl: i64,
}

impl ResourceView {
    /// A resource of this tenant.
    pub fn new(cx: &Cx, resource: Resource) -> Self {
        let Resource { id, name, indicator, is_default, access_token_ttl } = resource;
        Self { tenant_id: cx.tenant.0.clone(), id: id.0, name, indicator, is_default, access_token_ttl }
    }
}

/// A permission of a resource.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeView {
    tenant_id: String,
    id: String,
    resource_id: String,
    name: String,
    description: Option<String>,
    /// In milliseconds.
    created_at: i64,
}

impl ScopeView {
    /// A scope of this tenant.
    pub fn new(cx: &Cx, scope: Scope) -> Self {
        let Scope { id, resource_id, name, description, created_at } = scope;
        Self { tenant_id: cx.tenant.0.clone(), id: id.0, resource_id: resource_id.0, name, description, created_at }
    }
}

/// An API with its scopes, where they are asked for.
#[derive(Serialize, ToSchema)]
pub struct ResourceWithScopes {
    #[serde(flatten)]
    resource: ResourceView,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<ScopeView>>,
}

impl ResourceWithScopes {
    /// A resource and, where they are asked for, its scopes.
    pub fn new(cx: &Cx, resource: Resource, scopes: Option<Vec<Scope>>) -> Self {
        let scopes = scopes.map(|scopes| scopes.into_iter().map(|scope| ScopeView::new(cx, scope)).collect());
        Self { resource: ResourceView::new(cx, resource), scopes }
    }
}

/// A scope with the resource that it is of.
#[derive(Serialize, ToSchema)]
pub struct ScopeWithResource {
    #[serde(flatten)]
    scope: ScopeView,
    resource: ResourceView,
}

impl ScopeWithResource {
    /// A scope of this resource.
    pub fn new(cx: &Cx, scope: Scope, resource: Resource) -> Self {
        Self { scope: ScopeView::new(cx, scope), resource: ResourceView::new(cx, resource) }
    }
}
