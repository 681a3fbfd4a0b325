//! API resources and their scopes.

use keyway_model::resource::{Resource, Scope};
use keyway_model::{ApplicationId, ResourceId, ScopeId, TenantId, Timestamp, UserId};

use crate::statement::{Query, Row, query};
use crate::{StoreError, Tx, configuration};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, indicator, is_default, access_token_ttl FROM resources WHERE tenant_id = $1", $rest)
    };
}

fn read(row: &Row) -> Result<Resource, StoreError> {
    Ok(Resource {
        id: ResourceId(row.get("id")?),
        name: row.get("name")?,
        indicator: row.get("indicator")?,
        is_default: row.get::<i64>("is_default")? != 0,
        access_token_ttl: row.get("access_token_ttl")?,
    })
}

pub(crate) fn read_scope(row: &Row) -> Result<Scope, StoreError> {
    Ok(Scope {
        id: ScopeId(row.get("id")?),
        resource_id: ResourceId(row.get("resource_id")?),
        name: row.get("name")?,
        description: row.get("description")?,
        created_at: row.get("created_at")?,
    })
}

/// All resources, oldest first.
pub async fn list(tx: &mut Tx, tenant: &TenantId) -> Result<Vec<Resource>, StoreError> {
    let rows = tx.all(query(select!(" ORDER BY created_at, id")).bind(tenant.0.clone())).await?;
    rows.iter().map(read).collect()
}

/// The resource with this id.
pub async fn find(tx: &mut Tx, tenant: &TenantId, id: &ResourceId) -> Result<Option<Resource>, StoreError> {
    let row = tx.one(query(select!(" AND id = $2")).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    row.as_ref().map(read).transpose()
}

/// The resource, held against every other writer until the transaction ends; `SQLite` has one writer at a time.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, id: &ResourceId) -> Result<Option<Resource>, StoreError> {
    let statement = tx.statement(select!(" AND id = $2"), select!(" AND id = $2 FOR NO KEY UPDATE"));
    let row = tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    row.as_ref().map(read).transpose()
}

/// The resource with this indicator.
pub async fn find_by_indicator(
    tx: &mut Tx,
    tenant: &TenantId,
    indicator: &str,
) -> Result<Option<Resource>, StoreError> {
    let row = tx.one(query(select!(" AND indicator = $2")).bind(tenant.0.clone()).bind(indicator.to_owned())).await?;
    row.as_ref().map(read).transpose()
}

/// Adds a resource; a taken indicator is [`StoreError::Unique`].
pub async fn insert(tx: &mut Tx, tenant: &TenantId, value: &Resource, now: Timestamp) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO resources (tenant_id, id, name, indicator, is_default, access_token_ttl, created_at) VALUES \
         ($1, $2, $3, $4, $5, $6, $7)";
    let statement = query(statement).bind(tenant.0.clone()).bind(value.id.0.clone()).bind(value.name.clone());
    let statement = statement.bind(value.indicator.clone()).bind(i64::from(value.is_default));
    tx.execute(statement.bind(value.access_token_ttl).bind(now.0)).await.map(|_| ())
}

/// Writes name and life time.
pub async fn update(tx: &mut Tx, tenant: &TenantId, value: &Resource) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "UPDATE resources SET name = $3, access_token_ttl = $4 WHERE tenant_id = $1 AND id = $2";
    let statement = query(statement).bind(tenant.0.clone()).bind(value.id.0.clone()).bind(value.name.clone());
    Ok(tx.execute(statement.bind(value.access_token_ttl)).await? > 0)
}

/// Removes a resource with its scopes; false when there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &ResourceId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM resources WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}

/// The scopes of a resource, oldest first.
pub async fn scopes(tx: &mut Tx, tenant: &TenantId, id: &ResourceId) -> Result<Vec<Scope>, StoreError> {
    let statement = "SELECT id, resource_id, name, description, created_at FROM scopes WHERE tenant_id = $1 AND resource_id = \
         $2 ORDER BY created_at, id";
    let rows = tx.all(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    rows.iter().map(read_scope).collect()
}

/// The scope with this id.
pub async fn find_scope(tx: &mut Tx, tenant: &TenantId, id: &ScopeId) -> Result<Option<Scope>, StoreError> {
    let statement =
        "SELECT id, resource_id, name, description, created_at FROM scopes WHERE tenant_id = $1 AND id = $2";
    let row = tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    row.as_ref().map(read_scope).transpose()
}

/// Adds a scope; a taken name is [`StoreError::Unique`].
pub async fn insert_scope(tx: &mut Tx, tenant: &TenantId, scope: &Scope) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO scopes (tenant_id, id, resource_id, name, description, created_at) VALUES ($1, $2, $3, $4, $5, \
         $6)";
    let statement = query(statement).bind(tenant.0.clone()).bind(scope.id.0.clone()).bind(scope.resource_id.0.clone());
    let statement = statement.bind(scope.name.clone()).bind(scope.description.clone()).bind(scope.created_at);
    tx.execute(statement).await.map(|_| ())
}

/// Removes a scope; false when there was none.
pub async fn delete_scope(
    tx: &mut Tx,
    tenant: &TenantId,
    resource: &ResourceId,
    id: &ScopeId,
) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM scopes WHERE tenant_id = $1 AND resource_id = $2 AND id = $3");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(resource.0.clone()).bind(id.0.clone())).await? > 0)
}

/// Names of the scopes of `indicator` that the user's roles hold.
pub async fn scopes_of_user(
    tx: &mut Tx,
    tenant: &TenantId,
    user: &UserId,
    indicator: &str,
) -> Result<Vec<String>, StoreError> {
    let statement = "SELECT DISTINCT s.name FROM scopes s JOIN resources r ON r.tenant_id = s.tenant_id AND r.id = \
         s.resource_id JOIN role_scopes rs ON rs.tenant_id = s.tenant_id AND rs.scope_id = s.id JOIN user_roles ur ON \
         ur.tenant_id = s.tenant_id AND ur.role_id = rs.role_id WHERE s.tenant_id = $1 AND ur.user_id = $2 AND r.indicator = $3";
    names(tx, query(statement).bind(tenant.0.clone()).bind(user.0.clone()).bind(indicator.to_owned())).await
}

/// The resource with this indicator, and the names of its scopes that the application's roles hold.
pub async fn for_application(
    tx: &mut Tx,
    tenant: &TenantId,
    application: &ApplicationId,
    indicator: &str,
) -> Result<Option<(Resource, Vec<String>)>, StoreError> {
    let statement = "SELECT r.id, r.name, r.indicator, r.is_default, r.access_token_ttl, g.name AS scope FROM resources r LEFT \
         JOIN (SELECT DISTINCT s.tenant_id, s.resource_id, s.name FROM scopes s JOIN role_scopes rs ON rs.tenant_id = \
         s.tenant_id AND rs.scope_id = s.id JOIN application_roles ar ON ar.tenant_id = s.tenant_id AND ar.role_id = \
         rs.role_id WHERE ar.application_id = $2) g ON g.tenant_id = r.tenant_id AND g.resource_id = r.id WHERE r.tenant_id = \
         $1 AND r.indicator = $3";
    let rows =
        tx.all(query(statement).bind(tenant.0.clone()).bind(application.0.clone()).bind(indicator.to_owned())).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut scopes = Vec::new();
    for row in &rows {
        scopes.extend(row.get::<Option<String>>("scope")?);
    }
    Ok(Some((read(first)?, scopes)))
}

async fn names(tx: &mut Tx, query: Query) -> Result<Vec<String>, StoreError> {
    tx.all(query).await?.iter().map(|row| row.get("name")).collect()
}
