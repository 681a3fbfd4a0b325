//! Roles, what they hold and who has them.

use keyway_model::resource::{Role, RoleType, Scope};
use keyway_model::{ApplicationId, RoleId, ScopeId, TenantId, UserId};

use crate::statement::{Row, query};
use crate::{StoreError, Tx, configuration};

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

/// All roles.
pub async fn list(tx: &mut Tx, tenant: &TenantId) -> Result<Vec<Role>, StoreError> {
    let statement = "SELECT id, name, description, type, is_default FROM roles WHERE tenant_id = $1 ORDER BY name";
    tx.all(query(statement).bind(tenant.0.clone())).await?.iter().map(read).collect()
}

/// The role with this id.
pub async fn find(tx: &mut Tx, tenant: &TenantId, id: &RoleId) -> Result<Option<Role>, StoreError> {
    let statement = "SELECT id, name, description, type, is_default FROM roles WHERE tenant_id = $1 AND id = $2";
    tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?.as_ref().map(read).transpose()
}

/// Gives a new user the roles that everybody gets.
pub async fn add_defaults(tx: &mut Tx, tenant: &TenantId, user: &UserId) -> Result<(), StoreError> {
    let statement = "INSERT INTO user_roles (tenant_id, user_id, role_id) SELECT tenant_id, $2, id FROM roles WHERE tenant_id = \
         $1 AND is_default = 1";
    tx.execute_later(query(statement).bind(tenant.0.clone()).bind(user.0.clone())).await
}

/// Adds a role; a taken name is [`StoreError::Unique`].
pub async fn insert(tx: &mut Tx, tenant: &TenantId, role: &Role) -> Result<(), StoreError> {
    let statement =
        "INSERT INTO roles (tenant_id, id, name, description, type, is_default) VALUES ($1, $2, $3, $4, $5, $6)";
    let statement = query(statement).bind(tenant.0.clone()).bind(role.id.0.clone()).bind(role.name.clone());
    let statement = statement.bind(role.description.clone()).bind(role.kind.as_str().to_owned());
    tx.execute(statement.bind(i64::from(role.is_default))).await.map(|_| ())
}

/// Removes a role; false when there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &RoleId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM roles WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}

/// Puts a scope into a role; nothing happens when it is there.
pub async fn add_scope(tx: &mut Tx, tenant: &TenantId, role: &RoleId, scope: &ScopeId) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO role_scopes (tenant_id, role_id, scope_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(role.0.clone()).bind(scope.0.clone())).await.map(|_| ())
}

/// Gives a role to a user; nothing happens when the user has it.
pub async fn add_user(tx: &mut Tx, tenant: &TenantId, role: &RoleId, user: &UserId) -> Result<(), StoreError> {
    let statement = "INSERT INTO user_roles (tenant_id, user_id, role_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(user.0.clone()).bind(role.0.clone())).await.map(|_| ())
}

/// Gives a role to an application; nothing happens when it has it.
pub async fn add_application(
    tx: &mut Tx,
    tenant: &TenantId,
    role: &RoleId,
    application: &ApplicationId,
) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement =
        "INSERT INTO application_roles (tenant_id, application_id, role_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let statement = query(statement).bind(tenant.0.clone()).bind(application.0.clone()).bind(role.0.clone());
    tx.execute(statement).await.map(|_| ())
}

/// The scopes that a role holds, by name.
pub async fn scopes(tx: &mut Tx, tenant: &TenantId, role: &RoleId) -> Result<Vec<Scope>, StoreError> {
    let statement = "SELECT s.id, s.resource_id, s.name, s.description, s.created_at FROM scopes s JOIN role_scopes rs ON \
         rs.tenant_id = s.tenant_id AND rs.scope_id = s.id WHERE s.tenant_id = $1 AND rs.role_id = $2 ORDER BY s.name, s.id";
    let rows = tx.all(query(statement).bind(tenant.0.clone()).bind(role.0.clone())).await?;
    rows.iter().map(crate::resources::read_scope).collect()
}

/// The roles of a user.
pub async fn of_user(tx: &mut Tx, tenant: &TenantId, user: &UserId) -> Result<Vec<Role>, StoreError> {
    let statement = "SELECT r.id, r.name, r.description, r.type, r.is_default FROM roles r JOIN user_roles ur ON ur.tenant_id \
         = r.tenant_id AND ur.role_id = r.id WHERE r.tenant_id = $1 AND ur.user_id = $2 ORDER BY r.name";
    tx.all(query(statement).bind(tenant.0.clone()).bind(user.0.clone())).await?.iter().map(read).collect()
}

/// The roles of an application.
pub async fn of_application(
    tx: &mut Tx,
    tenant: &TenantId,
    application: &ApplicationId,
) -> Result<Vec<Role>, StoreError> {
    let statement = "SELECT r.id, r.name, r.description, r.type, r.is_default FROM roles r JOIN application_roles ar ON \
         ar.tenant_id = r.tenant_id AND ar.role_id = r.id WHERE r.tenant_id = $1 AND ar.application_id = $2 ORDER BY r.name";
    tx.all(query(statement).bind(tenant.0.clone()).bind(application.0.clone())).await?.iter().map(read).collect()
}

async fn remove(
    tx: &mut Tx,
    statement: &'static str,
    tenant: &TenantId,
    role: &RoleId,
    from: &str,
) -> Result<bool, StoreError> {
    let statement = query(statement).bind(tenant.0.clone()).bind(role.0.clone()).bind(from.to_owned());
    Ok(tx.execute(statement).await? > 0)
}

/// Takes a scope from a role; false when it was not there.
pub async fn remove_scope(tx: &mut Tx, tenant: &TenantId, role: &RoleId, scope: &ScopeId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "DELETE FROM role_scopes WHERE tenant_id = $1 AND role_id = $2 AND scope_id = $3";
    remove(tx, statement, tenant, role, scope.as_str()).await
}

/// Takes a role from a user; false when it was not there.
pub async fn remove_user(tx: &mut Tx, tenant: &TenantId, role: &RoleId, user: &UserId) -> Result<bool, StoreError> {
    let statement = "DELETE FROM user_roles WHERE tenant_id = $1 AND role_id = $2 AND user_id = $3";
    remove(tx, statement, tenant, role, user.as_str()).await
}

/// Takes a role from an application; false when it was not there.
pub async fn remove_application(
    tx: &mut Tx,
    tenant: &TenantId,
    role: &RoleId,
    application: &ApplicationId,
) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "DELETE FROM application_roles WHERE tenant_id = $1 AND role_id = $2 AND application_id = $3";
    remove(tx, statement, tenant, role, application.as_str()).await
}

/// Names of a user's roles.
pub async fn names_of_user(tx: &mut Tx, tenant: &TenantId, user: &UserId) -> Result<Vec<String>, StoreError> {
    let statement = "SELECT r.name FROM roles r JOIN user_roles ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id WHERE \
         r.tenant_id = $1 AND ur.user_id = $2 ORDER BY r.name";
    let rows = tx.all(query(statement).bind(tenant.0.clone()).bind(user.0.clone())).await?;
    rows.iter().map(|row| row.get("name")).collect()
}
