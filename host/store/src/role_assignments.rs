//! Who has which roles: users and machine-to-machine applications.

use std::collections::HashMap;

use keyway_model::application::ApplicationType;
use keyway_model::resource::Role;
use keyway_model::{ApplicationId, RoleId, TenantId, UserId};

use crate::statement::{Query, assembled, query};
use crate::{StoreError, Tx, configuration};

/// Gives a new user the roles that everybody gets.
pub async fn add_defaults(tx: &mut Tx, tenant: &TenantId, user: &UserId) -> Result<(), StoreError> {
    let statement = "INSERT INTO user_roles (tenant_id, user_id, role_id) SELECT tenant_id, $2, id FROM roles WHERE tenant_id = \
         $1 AND is_default = 1";
    tx.execute_later(query(statement).bind(tenant.0.clone()).bind(user.0.clone())).await
}

/// Gives a role to a user; false when the user has it.
pub async fn add_user(tx: &mut Tx, tenant: &TenantId, role: &RoleId, user: &UserId) -> Result<bool, StoreError> {
    let statement = "INSERT INTO user_roles (tenant_id, user_id, role_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let statement = query(statement).bind(tenant.0.clone()).bind(user.0.clone()).bind(role.0.clone());
    Ok(tx.execute(statement).await? > 0)
}

/// Gives a role to an application; false when it has it.
pub async fn add_application(
    tx: &mut Tx,
    tenant: &TenantId,
    role: &RoleId,
    application: &ApplicationId,
) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement =
        "INSERT INTO application_roles (tenant_id, application_id, role_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let statement = query(statement).bind(tenant.0.clone()).bind(application.0.clone()).bind(role.0.clone());
    Ok(tx.execute(statement).await? > 0)
}

/// Takes a role from a user; false when it was not there.
pub async fn remove_user(tx: &mut Tx, tenant: &TenantId, role: &RoleId, user: &UserId) -> Result<bool, StoreError> {
    let statement = "DELETE FROM user_roles WHERE tenant_id = $1 AND role_id = $2 AND user_id = $3";
    let statement = query(statement).bind(tenant.0.clone()).bind(role.0.clone()).bind(user.0.clone());
    Ok(tx.execute(statement).await? > 0)
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
    let statement = query(statement).bind(tenant.0.clone()).bind(role.0.clone()).bind(application.0.clone());
    Ok(tx.execute(statement).await? > 0)
}

/// Names of a user's roles.
pub async fn names_of_user(tx: &mut Tx, tenant: &TenantId, user: &UserId) -> Result<Vec<String>, StoreError> {
    let statement = "SELECT r.name FROM roles r JOIN user_roles ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id WHERE \
         r.tenant_id = $1 AND ur.user_id = $2 ORDER BY r.name";
    let rows = tx.all(query(statement).bind(tenant.0.clone()).bind(user.0.clone())).await?;
    rows.iter().map(|row| row.get("name")).collect()
}

/// Of a role, how many have it, and some of them.
#[derive(Debug, Clone, Default)]
pub struct RoleHolders {
    /// How many users have it.
    pub users: i64,
    /// Three of them.
    pub featured_users: Vec<FeaturedUser>,
    /// How many applications have it.
    pub applications: i64,
    /// Three of them.
    pub featured_applications: Vec<FeaturedApplication>,
}

/// A user, as little as a list shows of one.
#[derive(Debug, Clone)]
pub struct FeaturedUser {
    /// Id.
    pub id: UserId,
    /// The display name.
    pub name: Option<String>,
    /// Address of a picture.
    pub avatar: Option<String>,
}

/// An application, as little as a list shows of one.
#[derive(Debug, Clone)]
pub struct FeaturedApplication {
    /// Id.
    pub id: ApplicationId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ApplicationType,
}

/// `$1` the tenant, `$2` and so on the roles.
fn of_roles(text: String, tenant: &TenantId, roles: &[Role]) -> Query {
    let statement = assembled(text).planned_anew().bind(tenant.0.clone());
    roles.iter().fold(statement, |statement, role| statement.bind(role.id.0.clone()))
}

/// How many rows of `table` each role has.
async fn counted(
    tx: &mut Tx,
    tenant: &TenantId,
    table: &str,
    roles: &[Role],
) -> Result<Vec<(RoleId, i64)>, StoreError> {
    let places: Vec<String> = (2..roles.len() + 2).map(|place| format!("${place}")).collect();
    let text = format!(
        "SELECT role_id, COUNT(*) AS total FROM {table} WHERE tenant_id = $1 AND role_id IN ({}) GROUP BY role_id",
        places.join(", ")
    );
    let rows = tx.scan(of_roles(text, tenant, roles)).await?;
    rows.iter().map(|row| Ok((RoleId(row.get("role_id")?), row.get("total")?))).collect()
}

/// The first three rows of `table` of each role, as a table with the columns `role_id` and `column`.
fn featured(table: &str, column: &str, roles: &[Role]) -> String {
    let some = |place: usize| {
        format!(
            "SELECT role_id, {column} FROM (SELECT role_id, {column} FROM {table} WHERE tenant_id = $1 AND role_id = \
             ${place} ORDER BY {column} LIMIT 3) role_{place}"
        )
    };
    (2..roles.len() + 2).map(some).collect::<Vec<_>>().join(" UNION ALL ")
}

/// Who has these roles; a role that nobody has is absent.
pub async fn holders(
    tx: &mut Tx,
    tenant: &TenantId,
    roles: &[Role],
) -> Result<HashMap<RoleId, RoleHolders>, StoreError> {
    let mut holders: HashMap<RoleId, RoleHolders> = HashMap::new();
    if roles.is_empty() {
        return Ok(holders);
    }
    for (role, total) in counted(tx, tenant, "user_roles", roles).await? {
        holders.entry(role).or_default().users = total;
    }
    for (role, total) in counted(tx, tenant, "application_roles", roles).await? {
        holders.entry(role).or_default().applications = total;
    }
    let text = format!(
        "SELECT f.role_id, u.id, u.name, u.avatar FROM ({}) f JOIN users u ON u.tenant_id = $1 AND u.id = f.user_id ORDER \
         BY u.id",
        featured("user_roles", "user_id", roles)
    );
    for row in tx.scan(of_roles(text, tenant, roles)).await? {
        let user = FeaturedUser { id: UserId(row.get("id")?), name: row.get("name")?, avatar: row.get("avatar")? };
        holders.entry(RoleId(row.get("role_id")?)).or_default().featured_users.push(user);
    }
    let text = format!(
        "SELECT f.role_id, a.id, a.name, a.type FROM ({}) f JOIN applications a ON a.tenant_id = $1 AND a.id = \
         f.application_id ORDER BY a.id",
        featured("application_roles", "application_id", roles)
    );
    for row in tx.scan(of_roles(text, tenant, roles)).await? {
        let kind: String = row.get("type")?;
        let kind = ApplicationType::from_name(&kind).ok_or(StoreError::Inconsistent("applications.type"))?;
        let application = FeaturedApplication { id: ApplicationId(row.get("id")?), name: row.get("name")?, kind };
        holders.entry(RoleId(row.get("role_id")?)).or_default().featured_applications.push(application);
    }
    Ok(holders)
}
