//! Removes connectors.

use keyway_model::ConnectorId;
use keyway_store::connectors;

use super::ConnectorError;
use super::list::masked;
use crate::Cx;
use crate::events::{Event, EventKind};

/// Removes a connector.
#[tracing::instrument(name = "connectors.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &ConnectorId) -> Result<(), ConnectorError> {
    let key = cx.core().parts.master_key.clone();
    cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        let stored = connectors::list(tx, &cx.tenant, &key).await?;
        let found = stored.into_iter().find(|connector| connector.id == *id).ok_or(ConnectorError::NotFound)?;
        connectors::delete(tx, &cx.tenant, id).await?;
        let factory = cx.core().registry.get(&cx.tenant, &found.factory_id);
        let removed = masked(found, factory.as_deref());
        Ok(cx.emit(tx, Event::deleted(EventKind::ConnectorDeleted, &removed)).await?)
    })
    .await
}
