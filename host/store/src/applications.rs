//! Applications and their secrets.

use keyway_model::application::{Application, ApplicationSecret, ApplicationType};
use keyway_model::look::ApplicationExperience;
use keyway_model::{ApplicationId, RoleId, TenantId, Timestamp};

use crate::statement::{Query, Row, query};
use crate::user_search::like_pattern;
use crate::{MasterKey, Page, StoreError, Tx, configuration};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, description, type, oidc_client_metadata, custom_client_metadata, custom_data, \
             is_third_party, created_at, sign_in_experience FROM applications WHERE tenant_id = $1",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Application, StoreError> {
    let kind: String = row.get("type")?;
    Ok(Application {
        id: ApplicationId(row.get("id")?),
        name: row.get("name")?,
        description: row.get("description")?,
        kind: ApplicationType::from_name(&kind).ok_or(StoreError::Inconsistent("applications.type"))?,
        oidc_client_metadata: serde_json::from_str(&row.get::<String>("oidc_client_metadata")?)?,
        custom_client_metadata: serde_json::from_str(&row.get::<String>("custom_client_metadata")?)?,
        sign_in_experience: ApplicationExperience::from_stored(&serde_json::from_str(
            &row.get::<String>("sign_in_experience")?,
        )?),
        custom_data: serde_json::from_str(&row.get::<String>("custom_data")?)?,
        is_third_party: row.get::<i64>("is_third_party")? != 0,
        created_at: Timestamp(row.get("created_at")?),
    })
}

/// The application with this id.
pub async fn find(tx: &mut Tx, tenant: &TenantId, id: &ApplicationId) -> Result<Option<Application>, StoreError> {
    let row = tx.one(query(select!(" AND id = $2")).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    row.as_ref().map(read).transpose()
}

/// The application, held against every other writer until the transaction ends; `SQLite` has one writer at a time.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, id: &ApplicationId) -> Result<Option<Application>, StoreError> {
    let statement = tx.statement(select!(" AND id = $2"), select!(" AND id = $2 FOR NO KEY UPDATE"));
    let row = tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    row.as_ref().map(read).transpose()
}

/// The application, which is neither changed nor removed until the transaction ends; others may hold it as well.
pub async fn hold(tx: &mut Tx, tenant: &TenantId, id: &ApplicationId) -> Result<Option<Application>, StoreError> {
    let statement = tx.statement(select!(" AND id = $2"), select!(" AND id = $2 FOR SHARE"));
    let row = tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    row.as_ref().map(read).transpose()
}

/// Hashes of the application's secrets (SHA-256 in hex) and when each ends.
pub async fn secret_hashes(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &ApplicationId,
) -> Result<Vec<(String, Option<Timestamp>)>, StoreError> {
    let statement =
        query("SELECT value_hash, expires_at FROM application_secrets WHERE tenant_id = $1 AND application_id = $2");
    let rows = tx.all(statement.bind(tenant.0.clone()).bind(id.0.clone())).await?;
    let read = |row: &Row| Ok((row.get("value_hash")?, row.get::<Option<i64>>("expires_at")?.map(Timestamp)));
    rows.iter().map(read).collect()
}

/// Which applications to list.
#[derive(Debug, Clone, Default)]
pub struct ApplicationFilter {
    /// Of one of these types; all where it is empty.
    pub kinds: Vec<ApplicationType>,
    /// What id, name or description are like, with `%` and `_`; capitals do not count.
    pub search: Option<String>,
    /// Those of others, or one's own.
    pub is_third_party: Option<bool>,
    /// Those that have this role.
    pub of_role: Option<RoleId>,
    /// Those that have not this role.
    pub without_role: Option<RoleId>,
}

impl ApplicationFilter {
    fn narrowed(&self, statement: &'static str, tenant: &TenantId) -> Query {
        let mut narrowed = query(statement).bind(tenant.0.clone());
        for (place, kind) in self.kinds.iter().enumerate() {
            let condition = if place == 0 { " AND (type = ?" } else { " OR type = ?" };
            narrowed = narrowed.with(condition, kind.as_str().to_owned());
        }
        if !self.kinds.is_empty() {
            narrowed = narrowed.then(")");
        }
        if let Some(search) = &self.search {
            let like = " AND (LOWER(id) LIKE LOWER(?) ESCAPE '\\' OR LOWER(name) LIKE LOWER(?) ESCAPE '\\' OR \
                 LOWER(description) LIKE LOWER(?) ESCAPE '\\')";
            narrowed = narrowed.with(like, like_pattern(search));
        }
        if let Some(is_third_party) = self.is_third_party {
            narrowed = narrowed.with(" AND is_third_party = ?", i64::from(is_third_party));
        }
        let of_roles = [
            (
                " AND id IN (SELECT application_id FROM application_roles WHERE tenant_id = $1 AND role_id = ?)",
                &self.of_role,
            ),
            (
                " AND id NOT IN (SELECT application_id FROM application_roles WHERE tenant_id = $1 AND role_id = ?)",
                &self.without_role,
            ),
        ];
        for (condition, role) in of_roles {
            if let Some(role) = role {
                narrowed = narrowed.with(condition, role.0.clone());
            }
        }
        narrowed
    }
}

/// A page of applications, newest first, and how many there are.
pub async fn list(
    tx: &mut Tx,
    tenant: &TenantId,
    filter: &ApplicationFilter,
    page: Page,
) -> Result<(Vec<Application>, i64), StoreError> {
    let select = filter.narrowed(select!(""), tenant).with(" ORDER BY created_at DESC, id DESC LIMIT ?", page.limit);
    let rows = tx.all(select.with(" OFFSET ?", page.offset)).await?;
    let count = filter.narrowed("SELECT COUNT(*) AS total FROM applications WHERE tenant_id = $1", tenant);
    let total = tx.one(count).await?.map_or(Ok(0), |row| row.get("total"))?;
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, total))
}

/// The newest application that signs people in.
pub async fn newest_for_people(tx: &mut Tx, tenant: &TenantId) -> Result<Option<Application>, StoreError> {
    let statement = query(select!(" AND type <> $2 ORDER BY created_at DESC, id DESC LIMIT 1"));
    let machine = ApplicationType::MachineToMachine.as_str().to_owned();
    tx.one(statement.bind(tenant.0.clone()).bind(machine)).await?.as_ref().map(read).transpose()
}

/// Applications whose own roles hold a scope of the resource with this indicator, newest first.
pub async fn holders(
    tx: &mut Tx,
    tenant: &TenantId,
    indicator: &str,
    scope: &str,
    limit: i64,
) -> Result<Vec<Application>, StoreError> {
    let statement = query(select!(
        " AND id IN (SELECT ar.application_id FROM application_roles ar JOIN role_scopes rs ON rs.tenant_id = ar.tenant_id AND \
         rs.role_id = ar.role_id JOIN scopes s ON s.tenant_id = rs.tenant_id AND s.id = rs.scope_id JOIN resources r ON \
         r.tenant_id = s.tenant_id AND r.id = s.resource_id WHERE ar.tenant_id = $1 AND r.indicator = $2 AND s.name = $3) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    ));
    let bound = statement.bind(tenant.0.clone()).bind(indicator.to_owned()).bind(scope.to_owned()).bind(limit);
    tx.all(bound).await?.iter().map(read).collect()
}

fn bind(query: Query, tenant: &TenantId, value: &Application) -> Result<Query, StoreError> {
    Ok(query
        .bind(tenant.0.clone())
        .bind(value.id.0.clone())
        .bind(value.name.clone())
        .bind(value.description.clone())
        .bind(value.kind.as_str().to_owned())
        .bind(serde_json::to_string(&value.oidc_client_metadata)?)
        .bind(serde_json::to_string(&value.custom_client_metadata)?)
        .bind(serde_json::to_string(&value.custom_data)?)
        .bind(i64::from(value.is_third_party))
        .bind(value.created_at.0)
        .bind(serde_json::to_string(&value.sign_in_experience)?))
}

/// Adds an application.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, application: &Application) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO applications (tenant_id, id, name, description, type, oidc_client_metadata, \
         custom_client_metadata, custom_data, is_third_party, created_at, sign_in_experience) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    tx.execute(bind(query(statement), tenant, application)?).await.map(|_| ())
}

/// Writes every field of the application.
pub async fn update(tx: &mut Tx, tenant: &TenantId, application: &Application) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "UPDATE applications SET name = $3, description = $4, type = $5, oidc_client_metadata = $6, \
         custom_client_metadata = $7, custom_data = $8, is_third_party = $9, created_at = $10, sign_in_experience = $11 \
         WHERE tenant_id = $1 AND id = $2";
    Ok(tx.execute(bind(query(statement), tenant, application)?).await? > 0)
}

/// Removes the application with its secrets, grants and tokens; false when there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &ApplicationId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM applications WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}

fn context(tenant: &TenantId, id: &ApplicationId) -> String {
    format!("application_secrets/{tenant}/{id}")
}

/// Adds a secret; a taken name is [`StoreError::Unique`]. `hash` is SHA-256 of the value in hex.
pub async fn insert_secret(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &ApplicationId,
    secret: &ApplicationSecret,
    hash: &str,
    key: &MasterKey,
) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO application_secrets (tenant_id, application_id, name, value_sealed, value_hash, created_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let sealed = key.seal(&context(tenant, id), &secret.value)?;
    let statement = query(statement).bind(tenant.0.clone()).bind(id.0.clone()).bind(secret.name.clone()).bind(sealed);
    let statement =
        statement.bind(hash.to_owned()).bind(secret.created_at.0).bind(secret.expires_at.map(|time| time.0));
    tx.execute(statement).await.map(|_| ())
}

/// The secrets of an application, oldest first.
pub async fn secrets(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &ApplicationId,
    key: &MasterKey,
) -> Result<Vec<ApplicationSecret>, StoreError> {
    let statement = "SELECT name, value_sealed, created_at, expires_at FROM application_secrets WHERE tenant_id = $1 AND \
         application_id = $2 ORDER BY created_at, name";
    let rows = tx.all(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    let read = |row: &Row| {
        Ok(ApplicationSecret {
            name: row.get("name")?,
            value: key.open(&context(tenant, id), &row.get::<String>("value_sealed")?)?,
            created_at: Timestamp(row.get("created_at")?),
            expires_at: row.get::<Option<i64>>("expires_at")?.map(Timestamp),
        })
    };
    rows.iter().map(read).collect()
}

/// Removes a secret; false when there was none.
pub async fn delete_secret(tx: &mut Tx, tenant: &TenantId, id: &ApplicationId, name: &str) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "DELETE FROM application_secrets WHERE tenant_id = $1 AND application_id = $2 AND name = $3";
    Ok(tx.execute(query(statement).bind(tenant.0.clone()).bind(id.0.clone()).bind(name.to_owned())).await? > 0)
}
