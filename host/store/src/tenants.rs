//! Tenants.

use keyway_model::TenantId;

use crate::statement::query;
use crate::{StoreError, Tx};

/// Holds the tenant's row until the transaction ends.
pub async fn lock(tx: &mut Tx, tenant: &TenantId) -> Result<(), StoreError> {
    let statement =
        tx.statement("SELECT id FROM tenants WHERE id = $1", "SELECT id FROM tenants WHERE id = $1 FOR UPDATE");
    tx.one(query(statement).bind(tenant.0.clone())).await.map(|_| ())
}
