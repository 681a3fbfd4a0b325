//! The audit log.

use keyway_model::log::LogEntry;
use keyway_model::{LogId, TenantId, Timestamp};

use crate::statement::{Row, assembled, query};
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

/// Which entries to list; empty text means all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this user.
    pub user_id: String,
    /// Through this application.
    pub application_id: String,
    /// With this key; one that ends in a dot stands for all keys that begin with it.
    pub key: String,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// A page of entries, newest first, and how many there are.
pub async fn list(
    tx: &mut Tx,
    tenant: &TenantId,
    filter: &Filter,
    page: Page,
) -> Result<(Vec<LogEntry>, i64), StoreError> {
    const WHERE: &str = "tenant_id = $1 AND ($2 = '' OR user_id = $2) AND ($3 = '' OR application_id = $3) \
         AND ($4 = '' OR key = $4 OR ($4 LIKE '%.' AND substr(key, 1, length($4)) = $4)) AND created_at >= $5 AND created_at < $6";
    let bound = |statement: String| {
        let statement = assembled(statement).bind(tenant.0.clone()).bind(filter.user_id.clone());
        let statement = statement.bind(filter.application_id.clone()).bind(filter.key.clone());
        statement.bind(filter.from.map_or(0, |at| at.0)).bind(filter.until.map_or(i64::MAX, |at| at.0))
    };
    let select = format!(
        "SELECT id, key, payload, user_id, application_id, created_at FROM logs WHERE {WHERE} ORDER BY created_at DESC, id \
         DESC LIMIT $7 OFFSET $8"
    );
    let rows = tx.scan(bound(select).bind(page.limit).bind(page.offset)).await?;
    let count = tx.scan(bound(format!("SELECT COUNT(*) AS total FROM logs WHERE {WHERE}"))).await?;
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
