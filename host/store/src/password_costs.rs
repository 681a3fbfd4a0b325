//! The costs of imported password hashes: what an account's hash costs must not show from outside whose account it is. A cost is
//! kept while an account has it.

use keyway_model::{TenantId, UserId};

use crate::statement::query;
use crate::{StoreError, Tx, configuration};

/// All costs.
pub async fn list(tx: &mut Tx, tenant: &TenantId) -> Result<Vec<String>, StoreError> {
    let statement = query("SELECT cost FROM password_costs WHERE tenant_id = $1 ORDER BY cost").bind(tenant.0.clone());
    tx.all(statement).await?.iter().map(|row| row.get("cost")).collect()
}

/// Whether the cost is there, and stays until the transaction ends.
async fn held(tx: &mut Tx, tenant: &TenantId, cost: &str) -> Result<bool, StoreError> {
    let statement = tx.statement(
        "SELECT cost FROM password_costs WHERE tenant_id = $1 AND cost = $2",
        "SELECT cost FROM password_costs WHERE tenant_id = $1 AND cost = $2 FOR SHARE",
    );
    Ok(tx.one(query(statement).bind(tenant.0.clone()).bind(cost.to_owned())).await?.is_some())
}

/// Notes what the user's password hash costs. False, and nothing noted, where the tenant has no such cost yet and `may_join` says
/// no to it beside those that are there.
pub async fn note(
    tx: &mut Tx,
    tenant: &TenantId,
    user: &UserId,
    cost: &str,
    may_join: impl FnOnce(&[String]) -> bool,
) -> Result<bool, StoreError> {
    if !held(tx, tenant, cost).await? {
        // The tenant's row is held from here on: two that add a cost are judged one after another.
        configuration::changed(tx, tenant).await?;
        let costs = list(tx, tenant).await?;
        if !costs.iter().any(|other| other == cost) && !may_join(&costs) {
            return Ok(false);
        }
        let statement = "INSERT INTO password_costs (tenant_id, cost) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        tx.execute(query(statement).bind(tenant.0.clone()).bind(cost.to_owned())).await?;
    }
    let statement = query("UPDATE users SET password_cost = $3 WHERE tenant_id = $1 AND id = $2");
    let statement = statement.bind(tenant.0.clone()).bind(user.0.clone()).bind(cost.to_owned());
    tx.execute(statement).await?;
    Ok(true)
}

/// Removes the costs that no account has; how many there were. None while rows wait for [`crate::users::derive`], which do not
/// tell their costs yet.
pub async fn remove_unused(tx: &mut Tx) -> Result<u64, StoreError> {
    // Held first: an import that relies on a cost has committed when it is looked for below, or adds it again.
    let statement = tx.statement(
        "SELECT tenant_id, cost FROM password_costs ORDER BY tenant_id, cost",
        "SELECT tenant_id, cost FROM password_costs ORDER BY tenant_id, cost FOR UPDATE",
    );
    let mut removed = 0;
    for row in &tx.all(query(statement)).await? {
        let (tenant, cost): (String, String) = (row.get("tenant_id")?, row.get("cost")?);
        let statement = "DELETE FROM password_costs WHERE tenant_id = $1 AND cost = $2 AND NOT EXISTS (SELECT 1 FROM users WHERE \
             tenant_id = $1 AND password_cost = $2) AND NOT EXISTS (SELECT 1 FROM users WHERE derived < 1)";
        if tx.execute(query(statement).bind(tenant.clone()).bind(cost)).await? > 0 {
            configuration::changed(tx, &TenantId(tenant)).await?;
            removed += 1;
        }
    }
    Ok(removed)
}
