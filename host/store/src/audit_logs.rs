//! The audit log.

use keyway_model::audit_log::LogEntry;
use keyway_model::{ApplicationId, LogId, TenantId, Timestamp, UserId};

use crate::statement::{Query, Row, query};
use crate::{Page, StoreError, Tx};

fn read(row: &Row) -> Result<LogEntry, StoreError> {
    Ok(LogEntry {
        id: LogId(row.get("id")?),
        key: row.get("key")?,
        payload: serde_json::from_str(&row.get::<String>("payload")?)?,
        user_id: row.get::<Option<String>>("user_id")?.map(Into::into),
        application_id: row.get::<Option<String>>("application_id")?.map(Into::into),
        created_at: Timestamp(row.get("created_at")?),
    })
}

/// Adds an entry.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, entry: &LogEntry) -> Result<(), StoreError> {
    let statement = "INSERT INTO logs (tenant_id, id, key, payload, user_id, application_id, created_at) VALUES ($1, $2, $3, \
         $4, $5, $6, $7)";
    let statement = query(statement).bind(tenant.0.clone()).bind(entry.id.0.clone()).bind(entry.key.clone());
    let statement = statement.bind(serde_json::to_string(&entry.payload)?);
    let statement = statement.bind(entry.user_id.as_ref().map(|id| id.0.clone()));
    let statement = statement.bind(entry.application_id.as_ref().map(|id| id.0.clone()));
    tx.execute_later(statement.bind(entry.created_at.0)).await
}

/// Which entries to list.
#[derive(Debug, Clone, Default)]
pub struct AuditLogFilter {
    /// Of this user.
    pub user_id: Option<UserId>,
    /// Through this application.
    pub application_id: Option<ApplicationId>,
    /// With this key; one that ends in a dot stands for all keys that begin with it.
    pub key: Option<String>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

impl AuditLogFilter {
    /// The statement with a condition for what is given and none for the rest, so that the index of a user's entries serves.
    fn narrowed(&self, statement: &'static str, tenant: &TenantId) -> Query {
        let mut narrowed = query(statement).bind(tenant.0.clone());
        if let Some(user) = &self.user_id {
            narrowed = narrowed.with(" AND user_id = ?", user.0.clone());
        }
        if let Some(application) = &self.application_id {
            narrowed = narrowed.with(" AND application_id = ?", application.0.clone());
        }
        if let Some(key) = &self.key {
            let condition = if key.ends_with('.') { " AND substr(key, 1, length(?)) = ?" } else { " AND key = ?" };
            narrowed = narrowed.with(condition, key.clone());
        }
        if let Some(from) = self.from {
            narrowed = narrowed.with(" AND created_at >= ?", from.0);
        }
        if let Some(until) = self.until {
            narrowed = narrowed.with(" AND created_at < ?", until.0);
        }
        narrowed
    }
}

/// A page of entries, newest first, and how many there are.
pub async fn list(
    tx: &mut Tx,
    tenant: &TenantId,
    filter: &AuditLogFilter,
    page: Page,
) -> Result<(Vec<LogEntry>, i64), StoreError> {
    let select = "SELECT id, key, payload, user_id, application_id, created_at FROM logs WHERE tenant_id = $1";
    let select = filter.narrowed(select, tenant).with(" ORDER BY created_at DESC, id DESC LIMIT ?", page.limit);
    let rows = tx.scan(select.with(" OFFSET ?", page.offset)).await?;
    let count = filter.narrowed("SELECT COUNT(*) AS total FROM logs WHERE tenant_id = $1", tenant);
    let count = tx.scan(count).await?;
    let total = count.first().map_or(Ok(0), |row| row.get("total"))?;
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, total))
}

/// The entry with this id.
pub async fn find(tx: &mut Tx, tenant: &TenantId, id: &LogId) -> Result<Option<LogEntry>, StoreError> {
    let statement =
        "SELECT id, key, payload, user_id, application_id, created_at FROM logs WHERE tenant_id = $1 AND id = $2";
    let row = tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    row.as_ref().map(read).transpose()
}
