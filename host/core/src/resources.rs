//! API resources and their scopes.

use keyway_model::resource::{MANAGEMENT_TOKEN_TTL, Resource, Scope, management_api};
use keyway_model::{ResourceId, ScopeId, TenantId};
use keyway_store::{Constraint, StoreError, Tx, resources};

use crate::Cx;
use crate::events::{Event, EventKind};

/// Why nothing was done about a resource.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// The resource or the scope is not there.
    #[error("not found")]
    NotFound,
    /// The tenant has a resource with this indicator.
    #[error("the indicator is taken")]
    IndicatorInUse,
    /// The resource has a scope of this name.
    #[error("the scope's name is taken")]
    ScopeNameInUse,
    /// The Management API and its scopes stay as they are.
    #[error("the Management API is fixed")]
    ManagementApiFixed,
    /// The length of the name of a resource or a scope.
    #[error("a name has 1 to {MAX_NAME} characters")]
    NameLength,
    /// A scope's name is one word.
    #[error("a space in a scope's name")]
    SpaceInScopeName,
    /// How long a token lives.
    #[error("a token lives 60 to 31536000 seconds")]
    TokenTtl,
    /// How long a token for the Management API lives.
    #[error("a token for the Management API lives {MANAGEMENT_TOKEN_TTL} seconds at most")]
    ManagementTokenTtl,
    /// The indicator is no absolute address without a fragment (RFC 8707 section 2).
    #[error("an indicator is an absolute address without a fragment")]
    Indicator,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ResourceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unique(Constraint::ResourceIndicator) => Self::IndicatorInUse,
            StoreError::Unique(Constraint::ScopeName) => Self::ScopeNameInUse,
            error => Self::Store(error),
        }
    }
}

/// Longest name, in characters.
const MAX_NAME: usize = 256;

/// Longest life of a token, in seconds.
const MAX_TOKEN_TTL: i64 = 86_400 * 365;

/// A resource to be made.
#[derive(Debug, Clone)]
pub struct NewResource {
    /// For admins; 1 to 256 characters.
    pub name: String,
    /// The `resource` parameter and the token's `aud`.
    pub indicator: String,
    /// Seconds that a token for it lives.
    pub access_token_ttl: i64,
}

/// A change of a resource; its indicator stays.
#[derive(Debug, Clone, Default)]
pub struct ResourceChange {
    /// The new name.
    pub name: Option<String>,
    /// Seconds that a token for it lives.
    pub access_token_ttl: Option<i64>,
}

fn has_length(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.chars().count())
}

fn check(tenant: &TenantId, resource: &Resource) -> Result<(), ResourceError> {
    if !has_length(&resource.name) {
        return Err(ResourceError::NameLength);
    }
    if !(60..=MAX_TOKEN_TTL).contains(&resource.access_token_ttl) {
        return Err(ResourceError::TokenTtl);
    }
    if resource.indicator == management_api(tenant) && resource.access_token_ttl > MANAGEMENT_TOKEN_TTL {
        return Err(ResourceError::ManagementTokenTtl);
    }
    let absolute = url::Url::parse(&resource.indicator).is_ok_and(|url| url.fragment().is_none());
    if !absolute || resource.indicator.contains(char::is_whitespace) {
        return Err(ResourceError::Indicator);
    }
    Ok(())
}

async fn find(tx: &mut Tx, cx: &Cx, id: &ResourceId) -> Result<Resource, ResourceError> {
    resources::find(tx, &cx.tenant, id).await?.ok_or(ResourceError::NotFound)
}

/// A resource that may be changed as a whole, or have its scopes changed.
async fn find_own(tx: &mut Tx, cx: &Cx, id: &ResourceId) -> Result<Resource, ResourceError> {
    let resource = find(tx, cx, id).await?;
    if resource.indicator == management_api(&cx.tenant) {
        return Err(ResourceError::ManagementApiFixed);
    }
    Ok(resource)
}

/// Every resource, oldest first.
#[tracing::instrument(name = "resources.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<Resource>, ResourceError> {
    cx.read(async |tx| Ok(resources::list(tx, &cx.tenant).await?)).await
}

/// A resource.
#[tracing::instrument(name = "resources.get", skip_all)]
pub async fn get(cx: &Cx, id: &ResourceId) -> Result<Resource, ResourceError> {
    cx.read(async |tx| find(tx, cx, id).await).await
}

/// Makes a resource.
#[tracing::instrument(name = "resources.create", skip_all)]
pub async fn create(cx: &Cx, new: NewResource) -> Result<Resource, ResourceError> {
    let NewResource { name, indicator, access_token_ttl } = new;
    let resource = Resource { id: cx.core().id(), name, indicator, is_default: false, access_token_ttl };
    check(&cx.tenant, &resource)?;
    cx.write(async move |tx| {
        resources::insert(tx, &cx.tenant, &resource, cx.now).await?;
        cx.emit(tx, Event::created(EventKind::ResourceCreated, &resource)).await?;
        Ok(resource)
    })
    .await
}

/// Changes a resource's name and the life of its tokens.
#[tracing::instrument(name = "resources.update", skip_all)]
pub async fn update(cx: &Cx, id: &ResourceId, change: ResourceChange) -> Result<Resource, ResourceError> {
    cx.write(async move |tx| {
        let before = resources::lock(tx, &cx.tenant, id).await?.ok_or(ResourceError::NotFound)?;
        let after = Resource {
            name: change.name.unwrap_or_else(|| before.name.clone()),
            access_token_ttl: change.access_token_ttl.unwrap_or(before.access_token_ttl),
            ..before.clone()
        };
        check(&cx.tenant, &after)?;
        resources::update(tx, &cx.tenant, &after).await?;
        cx.emit(tx, Event::updated(EventKind::ResourceUpdated, &before, &after)).await?;
        Ok(after)
    })
    .await
}

/// Removes a resource with its scopes; the Management API stays.
#[tracing::instrument(name = "resources.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &ResourceId) -> Result<(), ResourceError> {
    cx.write(async move |tx| {
        let resource = find_own(tx, cx, id).await?;
        if !resources::delete(tx, &cx.tenant, id).await? {
            return Err(ResourceError::NotFound);
        }
        Ok(cx.emit(tx, Event::deleted(EventKind::ResourceDeleted, &resource)).await?)
    })
    .await
}

/// The scopes of a resource, oldest first.
#[tracing::instrument(name = "resources.scopes.list", skip_all)]
pub async fn list_scopes(cx: &Cx, id: &ResourceId) -> Result<Vec<Scope>, ResourceError> {
    cx.read(async |tx| {
        find(tx, cx, id).await?;
        Ok(resources::scopes(tx, &cx.tenant, id).await?)
    })
    .await
}

/// Adds a scope to a resource.
#[tracing::instrument(name = "resources.scopes.create", skip_all)]
pub async fn create_scope(
    cx: &Cx,
    id: &ResourceId,
    name: String,
    description: Option<String>,
) -> Result<Scope, ResourceError> {
    let scope = Scope { id: cx.core().id(), resource_id: id.clone(), name, description, created_at: cx.now.0 };
    cx.write(async move |tx| {
        find_own(tx, cx, id).await?;
        if !has_length(&scope.name) {
            return Err(ResourceError::NameLength);
        }
        if scope.name.contains(char::is_whitespace) {
            return Err(ResourceError::SpaceInScopeName);
        }
        resources::insert_scope(tx, &cx.tenant, &scope).await?;
        let event = Event::created(EventKind::ScopeCreated, &scope).target("resourceId", id.as_str());
        cx.emit(tx, event).await?;
        Ok(scope)
    })
    .await
}

/// Removes a scope from a resource and from every role.
#[tracing::instrument(name = "resources.scopes.delete", skip_all)]
pub async fn delete_scope(cx: &Cx, id: &ResourceId, scope: &ScopeId) -> Result<(), ResourceError> {
    cx.write(async move |tx| {
        find_own(tx, cx, id).await?;
        let removed = resources::find_scope(tx, &cx.tenant, scope).await?.ok_or(ResourceError::NotFound)?;
        if !resources::delete_scope(tx, &cx.tenant, id, scope).await? {
            return Err(ResourceError::NotFound);
        }
        let event = Event::deleted(EventKind::ScopeDeleted, &removed).target("resourceId", id.as_str());
        Ok(cx.emit(tx, event).await?)
    })
    .await
}
