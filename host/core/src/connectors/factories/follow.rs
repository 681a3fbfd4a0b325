//! Follows the store: a node's tenants and components are those that the store names.

use std::collections::HashMap;
use std::sync::Weak;
use std::time::Duration;

use keyway_model::TenantId;
use keyway_store::StoreError;

use crate::Core;

/// How long a lost announcement can go unnoticed.
const PERIOD: Duration = Duration::from_millis(500);

/// Keeps this node's tenants and components as the store says, for as long as the server runs: at once when a change is announced,
/// and by looking twice a second in case an announcement was lost.
pub(crate) async fn follow(core: Weak<Core>) {
    let Some(mut changes) = core.upgrade().map(|core| core.parts.store.configuration_changes()) else { return };
    let mut seen = HashMap::new();
    loop {
        let Some(this) = core.upgrade() else { return };
        if let Err(error) = catch_up(&this, &mut seen).await {
            tracing::warn!(%error, "tenants and connector versions cannot be read");
        }
        drop(this);
        let _ = tokio::time::timeout(PERIOD, changes.changed()).await;
    }
}

/// Reads the tenants anew, and the versions of those whose configuration changed since `seen`.
async fn catch_up(core: &Core, seen: &mut HashMap<TenantId, i64>) -> Result<(), StoreError> {
    let tenants = core.reload_tenants().await?;
    seen.retain(|known, _| tenants.iter().any(|(tenant, _)| tenant.id == *known));
    for (tenant, version) in tenants {
        if seen.get(&tenant.id) != Some(&version) {
            core.registry.reconcile(&core.parts.store, &tenant.id).await?;
            seen.insert(tenant.id, version);
        }
    }
    Ok(())
}
