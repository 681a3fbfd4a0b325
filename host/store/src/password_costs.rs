//! The costs of imported password hashes: what an account's hash costs must not show from outside whose account it is.

use keyway_model::TenantId;
use sqlx::{Row as _, query};

use crate::{StoreError, Tx, configuration};

/// Costs that a tenant keeps.
const MOST: i64 = 8;

/// All costs.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<String>, StoreError> {
    let statement = query("SELECT cost FROM password_costs WHERE tenant_id = $1 ORDER BY cost").bind(tenant.0.clone());
    tx.all(statement).await?.iter().map(|row| Ok(row.try_get("cost")?)).collect()
}

/// Adds a cost; nothing happens when it is there, or when there are many.
pub async fn add(tx: &mut Tx<'_>, tenant: &TenantId, cost: &str) -> Result<(), StoreError> {
    let statement = "INSERT INTO password_costs (tenant_id, cost) SELECT t.id, $2 FROM tenants t WHERE t.id = $1 AND (SELECT \
         COUNT(*) FROM password_costs WHERE tenant_id = $1) < $3 ON CONFLICT DO NOTHING";
    if tx.execute(query(statement).bind(tenant.0.clone()).bind(cost.to_owned()).bind(MOST)).await? > 0 {
        configuration::changed(tx, tenant).await?;
    }
    Ok(())
}
