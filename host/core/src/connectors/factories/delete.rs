//! Removes versions and factories.

use keyway_model::FactoryId;
use keyway_model::connector::{Connector, VersionState};
use keyway_store::{connector_versions, connectors};

use super::versions::versions;
use super::{FactoryError, event};
use crate::connectors::stored;
use crate::events::EventKind;
use crate::{Core, Cx};

/// Removes a version that does not serve.
#[tracing::instrument(name = "connector_factories.versions.delete", skip_all)]
pub async fn delete_version(cx: &Cx, factory: &FactoryId, digest: &str) -> Result<(), FactoryError> {
    let found = cx.read(async |tx| connector_versions::find(tx, &cx.tenant, factory, digest).await).await?;
    if found.ok_or(FactoryError::NotFound)?.state == VersionState::Active {
        return Err(FactoryError::InUse);
    }
    // Its compiled code goes first: on a full disk that makes the room which deleting a row takes.
    forget(cx.core(), digest);
    let event = event(cx, EventKind::FactoryVersionDeleted, factory, Some(digest));
    cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        if !connector_versions::delete(tx, &cx.tenant, factory, digest).await? {
            return Err(FactoryError::InUse);
        }
        Ok(cx.emit(tx, event).await?)
    })
    .await
}

fn forget(core: &Core, digest: &str) {
    if !core.registry.is_official(digest) {
        core.registry.sandbox().forget(digest);
    }
}

/// Removes an uploaded factory with all its versions; one that connectors are set up with stays.
#[tracing::instrument(name = "connector_factories.delete", skip_all)]
pub async fn delete(cx: &Cx, factory: &FactoryId) -> Result<(), FactoryError> {
    let core = cx.core();
    let of_factory = versions(cx).await?.into_iter().filter(|view| view.version.factory_id == *factory);
    let digests: Vec<String> = of_factory.map(|view| view.version.digest).collect();
    if digests.is_empty() {
        return Err(FactoryError::NotFound);
    }
    let own = core.registry.of_binary(factory).is_some();
    let is_used = |all: &[Connector]| !own && all.iter().any(|one| one.factory_id == *factory);
    if is_used(&stored(core, &cx.tenant).await?) {
        return Err(FactoryError::InUse);
    }
    for digest in &digests {
        forget(core, digest);
    }
    let event = event(cx, EventKind::FactoryDeleted, factory, None);
    let (now, key) = (core.now(), core.parts.master_key.clone());
    let deleted = cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        if is_used(&connectors::list(tx, &cx.tenant, &key).await?) {
            return Err(FactoryError::InUse);
        }
        connector_versions::activate(tx, &cx.tenant, factory, None, now).await?;
        for digest in digests {
            connector_versions::delete(tx, &cx.tenant, factory, &digest).await?;
        }
        Ok(cx.emit(tx, event).await?)
    });
    deleted.await?;
    Ok(core.registry.reconcile(&core.parts.store, &cx.tenant).await?)
}
