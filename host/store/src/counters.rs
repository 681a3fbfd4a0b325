//! Counters of limits: tries and sends per key and window, shared by all nodes.

use keyway_model::{TenantId, Timestamp};
use sqlx::{Row as _, query};

use crate::{StoreError, Tx};

/// Adds one to the counter `name` and returns its new value. A counter ends `seconds` after its first count.
pub async fn add(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    name: &str,
    seconds: i64,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let statement = "INSERT INTO counters (tenant_id, name, count, expires_at) VALUES ($1, $2, 1, $3) ON CONFLICT (tenant_id, \
         name) DO UPDATE SET count = CASE WHEN counters.expires_at <= $4 THEN 1 ELSE counters.count + 1 END, expires_at = \
         CASE WHEN counters.expires_at <= $4 THEN EXCLUDED.expires_at ELSE counters.expires_at END RETURNING count";
    let statement = query(statement).bind(tenant.0.clone()).bind(name.to_owned());
    let row = tx.one(statement.bind(now.plus_seconds(seconds).0).bind(now.0)).await?;
    row.map_or(Ok(0), |row| Ok(row.try_get("count")?))
}

/// The counter's value; zero when it ended.
pub async fn get(tx: &mut Tx<'_>, tenant: &TenantId, name: &str, now: Timestamp) -> Result<i64, StoreError> {
    let statement = query("SELECT count FROM counters WHERE tenant_id = $1 AND name = $2 AND expires_at > $3");
    let row = tx.one(statement.bind(tenant.0.clone()).bind(name.to_owned()).bind(now.0)).await?;
    row.map_or(Ok(0), |row| Ok(row.try_get("count")?))
}

/// Takes one from the counter, down to zero.
pub async fn subtract(tx: &mut Tx<'_>, tenant: &TenantId, name: &str, now: Timestamp) -> Result<(), StoreError> {
    let statement =
        "UPDATE counters SET count = count - 1 WHERE tenant_id = $1 AND name = $2 AND expires_at > $3 AND count > 0";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(name.to_owned()).bind(now.0)).await.map(|_| ())
}

/// Forgets the counter, after a success.
pub async fn reset(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<(), StoreError> {
    let statement = query("DELETE FROM counters WHERE tenant_id = $1 AND name = $2");
    tx.execute(statement.bind(tenant.0.clone()).bind(name.to_owned())).await.map(|_| ())
}

/// Removes counters that ended.
pub async fn sweep(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(query("DELETE FROM counters WHERE expires_at <= $1").bind(now.0)).await
}
