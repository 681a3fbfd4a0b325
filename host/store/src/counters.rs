//! Counters of limits: tries and sends per key and window, shared by all nodes.

use std::collections::HashMap;

use keyway_model::{TenantId, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{Row as _, query};

use crate::{StoreError, Tx};

/// A counter and how many seconds after its first count it ends.
pub type Window = (String, i64);

/// `($2, …)` up to `$last`, for as many names as are bound.
fn parameters(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

fn bind_names(statement: String, tenant: &TenantId, now: Timestamp, names: &[String]) -> crate::db::Query {
    let query = query(sqlx::AssertSqlSafe(statement)).bind(tenant.0.clone()).bind(now.0);
    names.iter().fold(query, |query, name| query.bind(name.clone()))
}

fn by_name(rows: &[AnyRow]) -> Result<HashMap<String, i64>, StoreError> {
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("count")?))).collect()
}

/// Adds one to each counter and returns their new values, in one statement. The rows stay locked until the commit; they are
/// written in the order of their names, so that two transactions do not wait for each other.
pub async fn add(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    windows: &[Window],
    now: Timestamp,
) -> Result<HashMap<String, i64>, StoreError> {
    if windows.is_empty() {
        return Ok(HashMap::new());
    }
    let mut windows: Vec<&Window> = windows.iter().collect();
    windows.sort();
    let rows: Vec<String> =
        (0..windows.len()).map(|index| format!("($1, ${}, 1, ${})", index * 2 + 3, index * 2 + 4)).collect();
    let statement = format!(
        "INSERT INTO counters (tenant_id, name, count, expires_at) VALUES {} ON CONFLICT (tenant_id, name) DO UPDATE SET \
         count = CASE WHEN counters.expires_at <= $2 THEN 1 ELSE counters.count + 1 END, expires_at = CASE WHEN \
         counters.expires_at <= $2 THEN EXCLUDED.expires_at ELSE counters.expires_at END RETURNING name, count",
        rows.join(", ")
    );
    let mut bound = query(sqlx::AssertSqlSafe(statement)).bind(tenant.0.clone()).bind(now.0);
    for (name, seconds) in windows {
        bound = bound.bind(name.clone()).bind(now.plus_seconds(*seconds).0);
    }
    by_name(&tx.all(bound).await?)
}

/// The values of the counters that run.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    names: &[String],
    now: Timestamp,
) -> Result<HashMap<String, i64>, StoreError> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = format!(
        "SELECT name, count FROM counters WHERE tenant_id = $1 AND expires_at > $2 AND name IN ({})",
        parameters(3, names.len())
    );
    by_name(&tx.all(bind_names(statement, tenant, now, names)).await?)
}

/// Takes one from each counter, down to zero.
pub async fn subtract(tx: &mut Tx<'_>, tenant: &TenantId, names: &[String], now: Timestamp) -> Result<(), StoreError> {
    let statement = format!(
        "UPDATE counters SET count = count - 1 WHERE tenant_id = $1 AND expires_at > $2 AND count > 0 AND name IN ({})",
        parameters(3, names.len())
    );
    tx.execute_later(bind_names(statement, tenant, now, names)).await
}

/// Forgets the counter, after a success.
pub async fn reset(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<(), StoreError> {
    let statement = query("DELETE FROM counters WHERE tenant_id = $1 AND name = $2");
    tx.execute_later(statement.bind(tenant.0.clone()).bind(name.to_owned())).await
}
