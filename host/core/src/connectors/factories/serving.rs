//! What serves on this node.

use std::sync::Arc;

use keyway_model::FactoryId;
use keyway_store::{StoreError, connector_versions};

use crate::connectors::{Factory, Skew};
use crate::{Core, Cx};

/// Every factory, by id.
pub fn list(cx: &Cx) -> Vec<Arc<Factory>> {
    cx.core().registry.all(&cx.tenant)
}

/// The factory with this id, where one serves.
pub fn get(cx: &Cx, id: &FactoryId) -> Option<Arc<Factory>> {
    cx.core().registry.get(&cx.tenant, id)
}

/// Versions of the tenant that should serve on this node but cannot be loaded.
pub fn skew(cx: &Cx) -> Vec<Skew> {
    cx.core().registry.skew(&cx.tenant)
}

/// How many versions of all tenants should serve on this node but cannot be loaded.
pub fn skew_of_all(core: &Core) -> usize {
    core.registry.skew_of_all()
}

/// The factory as it serves here, and the digest of the uploaded version that the store says serves.
pub(in crate::connectors) async fn serving(
    cx: &Cx,
    factory: &FactoryId,
) -> Result<(Option<Arc<Factory>>, Option<String>), StoreError> {
    let (core, tenant) = (cx.core(), &cx.tenant);
    let active = cx.read(async |tx| connector_versions::active_of(tx, tenant, factory).await).await?;
    let here = core.registry.get(tenant, factory).filter(|one| one.uploaded).map(|one| one.digest.clone());
    if here != active {
        core.registry.reconcile(&core.parts.store, tenant).await?;
    }
    Ok((core.registry.get(tenant, factory), active))
}
