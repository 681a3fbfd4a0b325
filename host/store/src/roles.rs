//! Roles and the scopes that they hold; who has them stands in [`crate::role_assignments`].

use keyway_model::resource::{Role, RoleType};
use keyway_model::{ApplicationId, RoleId, ScopeId, TenantId, UserId};

use crate::statement::{Query, Row, query};
use crate::user_search::like_pattern;
use crate::{Page, StoreError, Tx, configuration};

fn read(row: &Row) -> Result<Role, StoreError> {
    let kind: String = row.get("type")?;
    Ok(Role {
        id: RoleId(row.get("id")?),
        name: row.get("name")?,
        description: row.get("description")?,
        kind: if kind == RoleType::User.as_str() { RoleType::User } else { RoleType::MachineToMachine },
        is_default: row.get::<i64>("is_default")? != 0,
    })
}

/// Which roles to list.
#[derive(Debug, Clone, Default)]
pub struct RoleFilter {
    /// For users, or for machines.
    pub kind: Option<RoleType>,
    /// What id, name or description are like, with `%` and `_`; capitals do not count.
    pub search: Option<String>,
    /// Those that this user has.
    pub of_user: Option<UserId>,
    /// Those that this user has not.
    pub without_user: Option<UserId>,
    /// Those that this application has.
    pub of_application: Option<ApplicationId>,
    /// Those that this application has not.
    pub without_application: Option<ApplicationId>,
}

impl RoleFilter {
    fn narrowed(&self, statement: &'static str, tenant: &TenantId) -> Query {
        let mut narrowed = query(statement).bind(tenant.0.clone());
        if let Some(kind) = self.kind {
            narrowed = narrowed.with(" AND type = ?", kind.as_str().to_owned());
        }
        if let Some(search) = &self.search {
            let like = " AND (LOWER(id) LIKE LOWER(?) ESCAPE '\\' OR LOWER(name) LIKE LOWER(?) ESCAPE '\\' OR \
                 LOWER(description) LIKE LOWER(?) ESCAPE '\\')";
            narrowed = narrowed.with(like, like_pattern(search));
        }
        let of_user = [
            (" AND id IN (SELECT role_id FROM user_roles WHERE tenant_id = $1 AND user_id = ?)", &self.of_user),
            (
                " AND id NOT IN (SELECT role_id FROM user_roles WHERE tenant_id = $1 AND user_id = ?)",
                &self.without_user,
            ),
        ];
        for (condition, user) in of_user {
            if let Some(user) = user {
                narrowed = narrowed.with(condition, user.0.clone());
            }
        }
        let of_application = [
            (
                " AND id IN (SELECT role_id FROM application_roles WHERE tenant_id = $1 AND application_id = ?)",
                &self.of_application,
            ),
            (
                " AND id NOT IN (SELECT role_id FROM application_roles WHERE tenant_id = $1 AND application_id = ?)",
                &self.without_application,
            ),
        ];
        for (condition, application) in of_application {
            if let Some(application) = application {
                narrowed = narrowed.with(condition, application.0.clone());
            }
        }
        narrowed
    }
}

/// A page of roles, by name, and how many there are.
pub async fn list(
    tx: &mut Tx,
    tenant: &TenantId,
    filter: &RoleFilter,
    page: Page,
) -> Result<(Vec<Role>, i64), StoreError> {
    let select = "SELECT id, name, description, type, is_default FROM roles WHERE tenant_id = $1";
    let select = filter.narrowed(select, tenant).with(" ORDER BY name, id LIMIT ?", page.limit);
    let rows = tx.all(select.with(" OFFSET ?", page.offset)).await?;
    let count = filter.narrowed("SELECT COUNT(*) AS total FROM roles WHERE tenant_id = $1", tenant);
    let total = tx.one(count).await?.map_or(Ok(0), |row| row.get("total"))?;
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, total))
}

/// The role with this id.
pub async fn find(tx: &mut Tx, tenant: &TenantId, id: &RoleId) -> Result<Option<Role>, StoreError> {
    let statement = "SELECT id, name, description, type, is_default FROM roles WHERE tenant_id = $1 AND id = $2";
    tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?.as_ref().map(read).transpose()
}

/// The role, held against every other writer until the transaction ends; `SQLite` has one writer at a time.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, id: &RoleId) -> Result<Option<Role>, StoreError> {
    let statement = tx.statement(
        "SELECT id, name, description, type, is_default FROM roles WHERE tenant_id = $1 AND id = $2",
        "SELECT id, name, description, type, is_default FROM roles WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE",
    );
    tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?.as_ref().map(read).transpose()
}

/// Adds a role; a taken name is [`StoreError::Unique`].
pub async fn insert(tx: &mut Tx, tenant: &TenantId, role: &Role) -> Result<(), StoreError> {
    let statement =
        "INSERT INTO roles (tenant_id, id, name, description, type, is_default) VALUES ($1, $2, $3, $4, $5, $6)";
    let statement = query(statement).bind(tenant.0.clone()).bind(role.id.0.clone()).bind(role.name.clone());
    let statement = statement.bind(role.description.clone()).bind(role.kind.as_str().to_owned());
    tx.execute(statement.bind(i64::from(role.is_default))).await.map(|_| ())
}

/// Writes name, description and whether new users get it; a taken name is [`StoreError::Unique`].
pub async fn update(tx: &mut Tx, tenant: &TenantId, role: &Role) -> Result<bool, StoreError> {
    let statement = "UPDATE roles SET name = $3, description = $4, is_default = $5 WHERE tenant_id = $1 AND id = $2";
    let statement = query(statement).bind(tenant.0.clone()).bind(role.id.0.clone()).bind(role.name.clone());
    Ok(tx.execute(statement.bind(role.description.clone()).bind(i64::from(role.is_default))).await? > 0)
}

/// Removes a role; false when there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &RoleId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM roles WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}

/// Puts a scope into a role; false when it is there.
pub async fn add_scope(tx: &mut Tx, tenant: &TenantId, role: &RoleId, scope: &ScopeId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO role_scopes (tenant_id, role_id, scope_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let statement = query(statement).bind(tenant.0.clone()).bind(role.0.clone()).bind(scope.0.clone());
    Ok(tx.execute(statement).await? > 0)
}

/// Takes a scope from a role; false when it was not there.
pub async fn remove_scope(tx: &mut Tx, tenant: &TenantId, role: &RoleId, scope: &ScopeId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "DELETE FROM role_scopes WHERE tenant_id = $1 AND role_id = $2 AND scope_id = $3";
    let statement = query(statement).bind(tenant.0.clone()).bind(role.0.clone()).bind(scope.0.clone());
    Ok(tx.execute(statement).await? > 0)
}
