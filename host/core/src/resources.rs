//! API resources and their scopes.

use keyway_model::resource::{Resource, Scope, management_api};
use keyway_model::{Patch, ResourceId, ScopeId};
use keyway_store::resources::ScopeFilter;
use keyway_store::{Constraint, Page, StoreError, Tx, resources};

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
    /// The Management API stays.
    #[error("the Management API cannot be deleted")]
    ManagementApiStays,
    /// The Management API and its scopes stay as they are.
    #[error("the Management API cannot be changed")]
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

fn check(resource: &Resource) -> Result<(), ResourceError> {
    if !has_length(&resource.name) {
        return Err(ResourceError::NameLength);
    }
    if !(60..=MAX_TOKEN_TTL).contains(&resource.access_token_ttl) {
        return Err(ResourceError::TokenTtl);
    }
    let absolute = url::Url::parse(&resource.indicator).is_ok_and(|url| url.fragment().is_none());
    if !absolute || resource.indicator.contains(char::is_whitespace) {
        return Err(ResourceError::Indicator);
    }
    Ok(())
}

fn check_scope(scope: &Scope) -> Result<(), ResourceError> {
    if !has_length(&scope.name) {
        return Err(ResourceError::NameLength);
    }
    if scope.name.contains(char::is_whitespace) {
        return Err(ResourceError::SpaceInScopeName);
    }
    Ok(())
}

async fn find(tx: &mut Tx, cx: &Cx, id: &ResourceId) -> Result<Resource, ResourceError> {
    resources::find(tx, &cx.tenant, id).await?.ok_or(ResourceError::NotFound)
}

fn is_management_api(cx: &Cx, resource: &Resource) -> bool {
    resource.indicator == management_api(&cx.tenant)
}

/// A resource that may be changed as a whole, or have its scopes changed.
async fn find_own(tx: &mut Tx, cx: &Cx, id: &ResourceId) -> Result<Resource, ResourceError> {
    let resource = find(tx, cx, id).await?;
    if is_management_api(cx, &resource) { Err(ResourceError::ManagementApiFixed) } else { Ok(resource) }
}

/// A page of resources, oldest first, and how many there are.
#[tracing::instrument(name = "resources.list", skip_all)]
pub async fn list(cx: &Cx, page: Page) -> Result<(Vec<Resource>, i64), ResourceError> {
    cx.read(async |tx| Ok(resources::list(tx, &cx.tenant, page).await?)).await
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
    check(&resource)?;
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
        if is_management_api(cx, &before) {
            return Err(ResourceError::ManagementApiFixed);
        }
        let after = Resource {
            name: change.name.unwrap_or_else(|| before.name.clone()),
            access_token_ttl: change.access_token_ttl.unwrap_or(before.access_token_ttl),
            ..before.clone()
        };
        check(&after)?;
        resources::update(tx, &cx.tenant, &after).await?;
        cx.emit(tx, Event::updated(EventKind::ResourceUpdated, &before, &after)).await?;
        Ok(after)
    })
    .await
}

/// Makes a resource the one that tokens are for where a client names none, in place of any other, or makes it such a one no longer.
#[tracing::instrument(name = "resources.set_default", skip_all)]
pub async fn set_default(cx: &Cx, id: &ResourceId, is_default: bool) -> Result<Resource, ResourceError> {
    cx.write(async move |tx| {
        let before = resources::lock(tx, &cx.tenant, id).await?.ok_or(ResourceError::NotFound)?;
        resources::set_default(tx, &cx.tenant, id, is_default).await?;
        let after = Resource { is_default, ..before.clone() };
        cx.emit(tx, Event::updated(EventKind::ResourceUpdated, &before, &after)).await?;
        Ok(after)
    })
    .await
}

/// Removes a resource with its scopes; the Management API stays.
#[tracing::instrument(name = "resources.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &ResourceId) -> Result<(), ResourceError> {
    cx.write(async move |tx| {
        let resource = find(tx, cx, id).await?;
        if is_management_api(cx, &resource) {
            return Err(ResourceError::ManagementApiStays);
        }
        if !resources::delete(tx, &cx.tenant, id).await? {
            return Err(ResourceError::NotFound);
        }
        Ok(cx.emit(tx, Event::deleted(EventKind::ResourceDeleted, &resource)).await?)
    })
    .await
}

/// A page of the scopes of a resource, oldest first, and how many there are.
#[tracing::instrument(name = "resources.scopes.list", skip_all)]
pub async fn list_scopes(
    cx: &Cx,
    id: &ResourceId,
    search: Option<String>,
    page: Page,
) -> Result<(Vec<Scope>, i64), ResourceError> {
    cx.read(async |tx| {
        find(tx, cx, id).await?;
        let filter = ScopeFilter { of_resource: Some(id.clone()), search: search.clone(), ..ScopeFilter::default() };
        Ok(resources::scopes(tx, &cx.tenant, &filter, page).await?)
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
        check_scope(&scope)?;
        resources::insert_scope(tx, &cx.tenant, &scope).await?;
        let event = Event::created(EventKind::ScopeCreated, &scope).target("resourceId", id.as_str());
        cx.emit(tx, event).await?;
        Ok(scope)
    })
    .await
}

/// A change of a scope.
#[derive(Debug, Clone, Default)]
pub struct ScopeChange {
    /// The new name.
    pub name: Option<String>,
    /// For admins and consent pages.
    pub description: Patch<String>,
}

/// Changes a scope's name and description.
#[tracing::instrument(name = "resources.scopes.update", skip_all)]
pub async fn update_scope(
    cx: &Cx,
    id: &ResourceId,
    scope: &ScopeId,
    change: ScopeChange,
) -> Result<Scope, ResourceError> {
    cx.write(async move |tx| {
        find_own(tx, cx, id).await?;
        let before = resources::lock_scope(tx, &cx.tenant, id, scope).await?.ok_or(ResourceError::NotFound)?;
        let mut after = Scope { name: change.name.unwrap_or_else(|| before.name.clone()), ..before.clone() };
        change.description.apply(&mut after.description);
        check_scope(&after)?;
        resources::update_scope(tx, &cx.tenant, &after).await?;
        let event = Event::updated(EventKind::ScopeUpdated, &before, &after).target("resourceId", id.as_str());
        cx.emit(tx, event).await?;
        Ok(after)
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
