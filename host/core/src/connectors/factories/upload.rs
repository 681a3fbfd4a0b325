//! What comes in: one component at a time through its checks, within what the operator lets the tenant keep.

use std::sync::Arc;
use std::time::Duration;

use keyway_model::FactoryId;
use keyway_model::connector::{Manifest, Version, VersionState};
use keyway_model::consent::reserved;
use keyway_sandbox::{Component, Sandbox};
use keyway_store::StoreError;
use keyway_store::connector_versions::{self, StoredVersion};
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::Quota;
use super::versions::{UploadedVersion, version};
use super::{FactoryError, event};
use crate::connectors::{TrustPolicy, check_upload};
use crate::events::EventKind;
use crate::{Core, Cx};

/// Uploads that are read and checked at once: each holds its component in memory a few times over.
const AT_ONCE: usize = 2;
/// Uploads that wait for their turn, before their bodies are read.
const WAITING: usize = 32;
/// How long one waits.
const WAIT: Duration = Duration::from_mins(1);

/// A component to upload.
#[derive(Debug)]
pub struct Upload {
    /// Its bytes.
    pub wasm: Vec<u8>,
    /// A detached signature in minisign's form.
    pub signature: Option<String>,
}

/// The turns of uploads.
pub(in crate::connectors) struct Uploads {
    queue: Semaphore,
    turns: Semaphore,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { queue: Semaphore::new(AT_ONCE + WAITING), turns: Semaphore::new(AT_ONCE) }
    }
}

/// An upload's turn, to be had before its bytes are read and kept until it is done.
#[derive(Debug)]
pub struct UploadTurn<'c> {
    _place: SemaphorePermit<'c>,
    _turn: SemaphorePermit<'c>,
}

/// Waits for an upload's turn; refused when too many wait.
pub async fn turn(cx: &Cx) -> Result<UploadTurn<'_>, FactoryError> {
    let uploads = &cx.core().registry.uploads;
    let place = uploads.queue.try_acquire().map_err(|_| FactoryError::Busy)?;
    let turn = tokio::time::timeout(WAIT, uploads.turns.acquire()).await;
    let turn = turn.map_err(|_| FactoryError::Busy)?.map_err(|_| FactoryError::Busy)?;
    Ok(UploadTurn { _place: place, _turn: turn })
}

/// Checks a component and keeps it, staged for approval. The same bytes again change nothing.
#[tracing::instrument(name = "connector_factories.upload", skip_all)]
pub async fn upload(cx: &Cx, upload: Upload) -> Result<UploadedVersion, FactoryError> {
    let core = cx.core();
    let digest = Sandbox::digest(&upload.wasm);
    cx.request().note_target("digest", &digest);
    let wasm: Arc<[u8]> = upload.wasm.into();
    let (component, signer) = match checked(cx, &wasm, &digest, upload.signature.as_deref()).await {
        Ok(checked) => checked,
        Err(error) => {
            if !core.registry.is_official(&digest) && is_stored_nowhere(core, &digest).await {
                core.registry.sandbox().forget(&digest);
            }
            return Err(error);
        }
    };
    let made = Version {
        factory_id: component.manifest().id.clone(),
        digest: digest.clone(),
        manifest: (**component.manifest()).clone(),
        state: VersionState::Staged,
        signer,
        uploaded_by: cx.actor.id().unwrap_or_default().to_owned(),
        approved_by: None,
        activated_at: None,
        created_at: core.now(),
        size: i64::try_from(wasm.len()).unwrap_or(i64::MAX),
    };
    let id = made.factory_id.clone();
    let event = event(cx, EventKind::FactoryVersionUploaded, &id, Some(&digest));
    let event = event.detail("version", json!(made.manifest.version)).added("signer", json!(made.signer));
    let kept = cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        if connector_versions::find(tx, &cx.tenant, &made.factory_id, &made.digest).await?.is_none() {
            let stored = connector_versions::stored(tx, &cx.tenant, &made.factory_id).await?;
            check_room(&cx.core().parts.trust, stored, made.size)?;
            connector_versions::insert(tx, &cx.tenant, &made, wasm.to_vec()).await?;
            cx.emit(tx, event).await?;
        }
        Ok::<_, FactoryError>(())
    });
    kept.await?;
    version(cx, &id, &digest).await
}

async fn checked(
    cx: &Cx,
    wasm: &Arc<[u8]>,
    digest: &str,
    signature: Option<&str>,
) -> Result<(Arc<Component>, Option<String>), FactoryError> {
    let (core, policy) = (cx.core(), &cx.core().parts.trust);
    let signer = policy.judge(wasm, digest, signature)?;
    // Judged again where it is kept; here, so that what cannot be kept is not compiled. Of no factory in particular yet.
    let none = FactoryId(String::new());
    let stored = cx.read(async |tx| connector_versions::stored(tx, &cx.tenant, &none).await).await?;
    check_room(policy, stored, i64::try_from(wasm.len()).unwrap_or(i64::MAX))?;
    if !core.registry.sandbox().has_room(wasm.len()) {
        return Err(FactoryError::StorageFull);
    }
    let component = check_upload(core.registry.sandbox(), wasm).await?;
    check_names(cx, &component)?;
    Ok((component, signer))
}

async fn is_stored_nowhere(core: &Core, digest: &str) -> bool {
    let stored = core.parts.store.read(async |tx| connector_versions::digests(tx).await).await;
    stored.is_ok_and(|all| !all.iter().any(|one| one == digest))
}

/// An id keeps its kind: what is configured under it would not fit another one. What is an official module's belongs to it.
fn check_names(cx: &Cx, component: &Component) -> Result<(), FactoryError> {
    let (core, manifest) = (cx.core(), component.manifest());
    if let Some(factory) = core.registry.get(&cx.tenant, &manifest.id)
        && factory.manifest.kind != manifest.kind
    {
        return Err(FactoryError::KindChanged(manifest.id.clone()));
    }
    if core.parts.trust.official_names || core.registry.is_official(component.digest()) {
        return Ok(());
    }
    let official: Vec<&Manifest> = core.registry.official().map(|own| &*own.manifest).collect();
    reserved(manifest, official).map_or(Ok(()), |field| Err(FactoryError::NameReserved(field)))
}

/// Removes compiled code of what is stored no longer.
pub(crate) async fn tidy_compiled(core: &Core) -> Result<(), StoreError> {
    let stored = core.parts.store.read(async |tx| connector_versions::digests(tx).await).await?;
    let own = core.registry.official().map(|own| own.digest.clone());
    let keep = stored.into_iter().chain(own).collect();
    let sandbox = Arc::clone(core.registry.sandbox());
    let _ = tokio::task::spawn_blocking(move || sandbox.keep_only(&keep)).await;
    Ok(())
}

/// Refuses what goes over the operator's numbers, and says which.
fn check_room(policy: &TrustPolicy, stored: StoredVersion, size: i64) -> Result<(), FactoryError> {
    let quota = if stored.of_factory >= policy.versions_per_factory {
        Quota::OfFactory(stored)
    } else if stored.versions >= policy.versions {
        Quota::Versions(stored)
    } else if stored.bytes.saturating_add(size) > policy.bytes {
        Quota::Bytes(stored, policy.bytes)
    } else {
        return Ok(());
    };
    Err(FactoryError::Quota(quota))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unbounded_growth_of_uploads_ends_at_the_quota() {
        let policy = TrustPolicy { versions_per_factory: 2, versions: 4, bytes: 100, ..TrustPolicy::default() };
        let stored = |of_factory, versions, bytes| StoredVersion { of_factory, versions, bytes };
        assert!(check_room(&policy, stored(1, 3, 90), 10).is_ok());
        for (stored, quota) in [
            (stored(2, 2, 0), Quota::OfFactory(stored(2, 2, 0))),
            (stored(0, 4, 0), Quota::Versions(stored(0, 4, 0))),
            (stored(0, 0, 91), Quota::Bytes(stored(0, 0, 91), 100)),
        ] {
            let refused = check_room(&policy, stored, 10);
            assert!(matches!(refused, Err(FactoryError::Quota(reached)) if reached == quota), "{refused:?}");
        }
    }
}
