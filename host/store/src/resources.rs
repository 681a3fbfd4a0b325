//! API resources and their scopes.

use keyway_model::resource::{Resource, Scope};
use keyway_model::{ApplicationId, ResourceId, RoleId, ScopeId, TenantId, Timestamp, UserId};

use crate::statement::{Query, Row, query};
use crate::user_search::like_pattern;
use crate::{Page, StoreError, Tx, configuration};

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

fn read_scope(row: &Row) -> Result<Scope, StoreError> {
    Ok(Scope {
        id: ScopeId(row.get("id")?),
        resource_id: ResourceId(row.get("resource_id")?),
        name: row.get("name")?,
        description: row.get("description")?,
        created_at: row.get("created_at")?,
    })
}

/// A page of resources, oldest first, and how many there are.
pub async fn list(tx: &mut Tx, tenant: &TenantId, page: Page) -> Result<(Vec<Resource>, i64), StoreError> {
    let select = query(select!(" ORDER BY created_at, id LIMIT $2 OFFSET $3")).bind(tenant.0.clone());
    let rows = tx.all(select.bind(page.limit).bind(page.offset)).await?;
    let count = query("SELECT COUNT(*) AS total FROM resources WHERE tenant_id = $1").bind(tenant.0.clone());
    let total = tx.one(count).await?.map_or(Ok(0), |row| row.get("total"))?;
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, total))
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

/// Makes it the one that tokens are for where a client names none, in place of any other, or makes it such a one no longer.
pub async fn set_default(tx: &mut Tx, tenant: &TenantId, id: &ResourceId, is_default: bool) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "UPDATE resources SET is_default = CASE WHEN id = $2 THEN $3 ELSE 0 END WHERE tenant_id = $1 AND (id = $2 OR \
         $3 = 1 AND is_default = 1)";
    let statement = query(statement).bind(tenant.0.clone()).bind(id.0.clone()).bind(i64::from(is_default));
    tx.execute(statement).await.map(|_| ())
}

/// Removes a resource with its scopes; false when there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &ResourceId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM resources WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}

/// Which scopes to list.
#[derive(Debug, Clone, Default)]
pub struct ScopeFilter {
    /// Those of this resource.
    pub of_resource: Option<ResourceId>,
    /// Those that this role holds.
    pub of_role: Option<RoleId>,
    /// What id, name or description are like, with `%` and `_`; capitals do not count.
    pub search: Option<String>,
}

impl ScopeFilter {
    fn narrowed(&self, statement: &'static str, tenant: &TenantId) -> Query {
        let mut narrowed = query(statement).bind(tenant.0.clone());
        if let Some(resource) = &self.of_resource {
            narrowed = narrowed.with(" AND resource_id = ?", resource.0.clone());
        }
        if let Some(role) = &self.of_role {
            let held = " AND id IN (SELECT scope_id FROM role_scopes WHERE tenant_id = $1 AND role_id = ?)";
            narrowed = narrowed.with(held, role.0.clone());
        }
        if let Some(search) = &self.search {
            let like = " AND (LOWER(id) LIKE LOWER(?) ESCAPE '\\' OR LOWER(name) LIKE LOWER(?) ESCAPE '\\' OR \
                 LOWER(description) LIKE LOWER(?) ESCAPE '\\')";
            narrowed = narrowed.with(like, like_pattern(search));
        }
        narrowed
    }
}

/// A page of scopes, oldest first, and how many there are.
pub async fn scopes(
    tx: &mut Tx,
    tenant: &TenantId,
    filter: &ScopeFilter,
    page: Page,
) -> Result<(Vec<Scope>, i64), StoreError> {
    let select = "SELECT id, resource_id, name, description, created_at FROM scopes WHERE tenant_id = $1";
    let select = filter.narrowed(select, tenant).with(" ORDER BY created_at, id LIMIT ?", page.limit);
    let rows = tx.all(select.with(" OFFSET ?", page.offset)).await?;
    let count = filter.narrowed("SELECT COUNT(*) AS total FROM scopes WHERE tenant_id = $1", tenant);
    let total = tx.one(count).await?.map_or(Ok(0), |row| row.get("total"))?;
    Ok((rows.iter().map(read_scope).collect::<Result<_, _>>()?, total))
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

/// The scope of a resource, held against every other writer until the transaction ends; `SQLite` has one writer at a time.
pub async fn lock_scope(
    tx: &mut Tx,
    tenant: &TenantId,
    resource: &ResourceId,
    id: &ScopeId,
) -> Result<Option<Scope>, StoreError> {
    let statement = tx.statement(
        "SELECT id, resource_id, name, description, created_at FROM scopes WHERE tenant_id = $1 AND resource_id = $2 AND id = $3",
        "SELECT id, resource_id, name, description, created_at FROM scopes WHERE tenant_id = $1 AND resource_id = $2 AND id = $3 \
         FOR NO KEY UPDATE",
    );
    let statement = query(statement).bind(tenant.0.clone()).bind(resource.0.clone()).bind(id.0.clone());
    tx.one(statement).await?.as_ref().map(read_scope).transpose()
}

/// Writes name and description; a taken name is [`StoreError::Unique`].
pub async fn update_scope(tx: &mut Tx, tenant: &TenantId, scope: &Scope) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "UPDATE scopes SET name = $3, description = $4 WHERE tenant_id = $1 AND id = $2";
    let statement = query(statement).bind(tenant.0.clone()).bind(scope.id.0.clone()).bind(scope.name.clone());
    tx.execute(statement.bind(scope.description.clone())).await.map(|_| ())
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
