//! API resources and their scopes.

use keyway_model::resource::{MANAGEMENT_TOKEN_TTL, Resource, Scope, management_api};
use keyway_model::{ErrorCode, Refusal, ResourceId, ScopeId, TenantId};
use keyway_store::resources;

use crate::{Core, CoreError};

fn check(tenant: &TenantId, resource: &Resource) -> Result<(), Refusal> {
    if !(1..=256).contains(&resource.name.chars().count()) {
        return Err(Refusal::invalid_input("name", "must have 1 to 256 characters"));
    }
    if !(60..=86_400 * 365).contains(&resource.access_token_ttl) {
        return Err(Refusal::invalid_input("accessTokenTtl", "must be 60 to 31536000 seconds"));
    }
    if resource.indicator == management_api(tenant) && resource.access_token_ttl > MANAGEMENT_TOKEN_TTL {
        return Err(Refusal::invalid_input("accessTokenTtl", "must be 86400 seconds at most for the Management API"));
    }
    let absolute = url::Url::parse(&resource.indicator).is_ok_and(|url| url.fragment().is_none());
    if !absolute || resource.indicator.contains(char::is_whitespace) {
        let expected = "must be an absolute address without a fragment, such as https://api.example.com (RFC 8707)";
        return Err(Refusal::invalid_input("indicator", expected));
    }
    Ok(())
}

impl Core {
    /// Every resource, oldest first.
    pub async fn resources(&self, tenant: &TenantId) -> Result<Vec<Resource>, CoreError> {
        self.read(async move |tx| resources::list(tx, tenant).await).await
    }

    /// A resource.
    pub async fn resource(&self, tenant: &TenantId, id: &ResourceId) -> Result<Resource, CoreError> {
        let found = self.read(async move |tx| resources::find(tx, tenant, id).await).await?;
        found.ok_or_else(|| ErrorCode::EntityNotFound.into())
    }

    /// Makes a resource.
    pub async fn create_resource(
        &self,
        tenant: &TenantId,
        name: String,
        indicator: String,
        access_token_ttl: i64,
    ) -> Result<Resource, CoreError> {
        let resource = Resource { id: self.id(), name, indicator, is_default: false, access_token_ttl };
        check(tenant, &resource)?;
        let now = self.now();
        self.save(ErrorCode::ResourceInUse, async move |tx| {
            resources::insert(tx, tenant, &resource, now).await?;
            Ok(resource)
        })
        .await
    }

    /// Changes a resource's name and life time; its indicator stays.
    pub async fn update_resource(
        &self,
        tenant: &TenantId,
        id: &ResourceId,
        change: impl FnOnce(&mut Resource) + Clone + Send + 'static,
    ) -> Result<Resource, CoreError> {
        self.save(ErrorCode::ResourceInUse, async move |tx| {
            let found = resources::lock(tx, tenant, id).await?;
            let mut resource = found.ok_or(ErrorCode::EntityNotFound)?;
            change(&mut resource);
            check(tenant, &resource)?;
            resources::update(tx, tenant, &resource).await?;
            Ok(resource)
        })
        .await
    }

    /// Removes a resource with its scopes; the Management API stays.
    pub async fn delete_resource(&self, tenant: &TenantId, id: &ResourceId) -> Result<(), CoreError> {
        if self.resource(tenant, id).await?.indicator == management_api(tenant) {
            return Err(ErrorCode::ManagementApiFixed.into());
        }
        let deleted =
            self.save(ErrorCode::UniqueViolation, async move |tx| Ok(resources::delete(tx, tenant, id).await?));
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }

    /// The scopes of a resource, oldest first.
    pub async fn scopes(&self, tenant: &TenantId, resource: &ResourceId) -> Result<Vec<Scope>, CoreError> {
        self.resource(tenant, resource).await?;
        self.read(async move |tx| resources::scopes(tx, tenant, resource).await).await
    }

    /// Adds a scope to a resource.
    pub async fn create_scope(
        &self,
        tenant: &TenantId,
        resource: &ResourceId,
        name: String,
        description: Option<String>,
    ) -> Result<Scope, CoreError> {
        if self.resource(tenant, resource).await?.indicator == management_api(tenant) {
            return Err(ErrorCode::ManagementApiFixed.into());
        }
        if name.is_empty() || name.chars().count() > 256 {
            return Err(Refusal::invalid_input("name", "must have 1 to 256 characters").into());
        }
        if name.contains(char::is_whitespace) {
            return Err(ErrorCode::ScopeWithSpace.into());
        }
        let created_at = self.now().0;
        let scope = Scope { id: self.id(), resource_id: resource.clone(), name, description, created_at };
        self.save(ErrorCode::ScopeExists, async move |tx| {
            resources::insert_scope(tx, tenant, &scope).await?;
            Ok(scope)
        })
        .await
    }

    /// Removes a scope from a resource and from every role.
    pub async fn delete_scope(&self, tenant: &TenantId, resource: &ResourceId, id: ScopeId) -> Result<(), CoreError> {
        if self.resource(tenant, resource).await?.indicator == management_api(tenant) {
            return Err(ErrorCode::ManagementApiFixed.into());
        }
        let deleted = self.save(ErrorCode::UniqueViolation, async move |tx| {
            Ok(resources::delete_scope(tx, tenant, resource, &id).await?)
        });
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }
}
