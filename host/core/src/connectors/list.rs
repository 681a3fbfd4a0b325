//! Connectors as they are stored, and as an admin sees them.

use std::sync::Arc;

use keyway_model::connector::{Connector, ConnectorKind};
use keyway_model::marks::Marks;
use keyway_model::{ConnectorId, TenantId};
use keyway_store::{StoreError, connectors};

use super::{ConnectorError, Factory};
use crate::{Core, Cx};

/// A connector with the factory that serves it.
pub type Configured = (Connector, Arc<Factory>);

/// The connectors with their factories, oldest first; secrets are masked. One whose component is gone is left out.
#[tracing::instrument(name = "connectors.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<Configured>, ConnectorError> {
    let found = stored(cx.core(), &cx.tenant).await?.into_iter();
    Ok(found
        .filter_map(|one| Some((one.clone(), cx.core().registry.get(&cx.tenant, &one.factory_id)?)))
        .map(shown)
        .collect())
}

/// A connector with its factory; secrets are masked.
#[tracing::instrument(name = "connectors.get", skip_all)]
pub async fn get(cx: &Cx, id: &ConnectorId) -> Result<Configured, ConnectorError> {
    let found = stored(cx.core(), &cx.tenant).await?.into_iter().find(|one| one.id == *id);
    let connector = found.ok_or(ConnectorError::NotFound)?;
    let factory = cx.core().registry.get(&cx.tenant, &connector.factory_id).ok_or(ConnectorError::NotFound)?;
    Ok(shown((connector, factory)))
}

/// Without its secrets: those that were entered as such, and those that the factory marks by now.
fn shown((connector, factory): Configured) -> Configured {
    (masked(connector, Some(&factory)), factory)
}

/// The same where the factory may be gone: what was entered under it as a secret is known all the same.
pub(super) fn masked(mut connector: Connector, factory: Option<&Factory>) -> Connector {
    if let Some(factory) = factory {
        connector.marks = connector.marks.and(&Marks::of(&factory.manifest.config));
    }
    connector.marks.mask(&mut connector.config);
    connector
}

/// The connectors with their secrets.
pub(crate) async fn stored(core: &Core, tenant: &TenantId) -> Result<Vec<Connector>, StoreError> {
    let key = core.parts.master_key.clone();
    core.parts.store.read(async move |tx| connectors::list(tx, tenant, &key).await).await
}

/// The kinds of connectors that are not switched off.
pub(crate) fn enabled_kinds(connectors: &[Connector]) -> Vec<ConnectorKind> {
    connectors.iter().filter(|connector| !connector.settings.disabled).map(|connector| connector.kind).collect()
}
