//! Small values that a connector keeps between its calls, such as an access token of its provider; sealed.

use keyway_model::{ConnectorId, TenantId, Timestamp};

use crate::statement::{Row, query};
use crate::{MasterKey, StoreError, Tx};

/// Name, value and end of a kept value.
pub type Entry = (String, Vec<u8>, Timestamp);

fn context(tenant: &TenantId, id: &ConnectorId, name: &str) -> String {
    format!("connector_cache/{tenant}/{id}/{name}")
}

/// What a connector keeps.
pub async fn list(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &ConnectorId,
    key: &MasterKey,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let statement = "SELECT name, value_sealed, expires_at FROM connector_cache WHERE tenant_id = $1 AND connector_id = $2 AND \
         expires_at > $3";
    let rows = tx.all(query(statement).bind(tenant.0.clone()).bind(id.0.clone()).bind(now.0)).await?;
    let read = |row: &Row| {
        let name: String = row.get("name")?;
        let text = key.open(&context(tenant, id, &name), &row.get::<String>("value_sealed")?)?;
        let value = hex::decode(text).map_err(|_| StoreError::Unseal)?;
        Ok((name, value, Timestamp(row.get("expires_at")?)))
    };
    rows.iter().map(read).collect()
}

/// Keeps a value.
pub async fn put(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &ConnectorId,
    (name, value, expires_at): Entry,
    key: &MasterKey,
) -> Result<(), StoreError> {
    let statement = "INSERT INTO connector_cache (tenant_id, connector_id, name, value_sealed, expires_at) VALUES ($1, $2, $3, \
         $4, $5) ON CONFLICT (tenant_id, connector_id, name) DO UPDATE SET value_sealed = EXCLUDED.value_sealed, expires_at = \
         EXCLUDED.expires_at";
    let sealed = key.seal(&context(tenant, id, &name), &hex::encode(value))?;
    let statement = query(statement).bind(tenant.0.clone()).bind(id.0.clone()).bind(name).bind(sealed);
    tx.execute(statement.bind(expires_at.0)).await.map(|_| ())
}

/// Forgets a value, or all when `name` is absent.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &ConnectorId, name: Option<&str>) -> Result<(), StoreError> {
    let statement = "DELETE FROM connector_cache WHERE tenant_id = $1 AND connector_id = $2 AND ($3 = '' OR name = $3)";
    let statement = query(statement).bind(tenant.0.clone()).bind(id.0.clone());
    tx.execute(statement.bind(name.unwrap_or_default().to_owned())).await.map(|_| ())
}
