//! What comes in: one component at a time through its checks, within what the operator lets the tenant keep.

use std::sync::Arc;
use std::time::Duration;

use keyway_model::connector::{Manifest, Version, VersionState};
use keyway_model::consent::reserved;
use keyway_model::{ErrorCode, FactoryId, Refusal, TenantId};
use keyway_sandbox::{Component, Sandbox};
use keyway_store::connector_versions::{self, Stored};
use keyway_store::{StoreError, Tx};
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::check_upload;
use super::trust::TrustPolicy;
use super::versions::{VersionView, refused};
use crate::logs::Event;
use crate::{Core, CoreError, Visitor};

/// Uploads that are read and checked at once: each holds its component in memory a few times over.
const AT_ONCE: usize = 2;
/// Uploads that wait for their turn, before their bodies are read.
const WAITING: usize = 32;
/// How long one waits.
const WAIT: Duration = Duration::from_mins(1);

/// A component to upload.
pub struct Upload {
    /// Its bytes.
    pub wasm: Vec<u8>,
    /// A detached signature in minisign's form.
    pub signature: Option<String>,
    /// Who uploads it.
    pub by: String,
}

/// The turns of uploads.
pub(super) struct Uploads {
    queue: Semaphore,
    turns: Semaphore,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { queue: Semaphore::new(AT_ONCE + WAITING), turns: Semaphore::new(AT_ONCE) }
    }
}

/// An upload's turn, to be had before its bytes are read and kept until it is done.
pub struct UploadTurn<'c> {
    _place: SemaphorePermit<'c>,
    _turn: SemaphorePermit<'c>,
}

impl Core {
    /// Waits for an upload's turn; refused when too many wait.
    pub async fn upload_turn(&self) -> Result<UploadTurn<'_>, CoreError> {
        let uploads = &self.registry.uploads;
        let place = uploads.queue.try_acquire().map_err(|_| ErrorCode::UploadBusy)?;
        let turn = tokio::time::timeout(WAIT, uploads.turns.acquire()).await;
        let turn = turn.map_err(|_| ErrorCode::UploadBusy)?.map_err(|_| ErrorCode::UploadBusy)?;
        Ok(UploadTurn { _place: place, _turn: turn })
    }

    /// Checks a component and keeps it, staged for approval. The same bytes again change nothing.
    pub async fn upload_connector(
        &self,
        tenant: &TenantId,
        upload: Upload,
        visitor: &Visitor,
    ) -> Result<VersionView, CoreError> {
        let digest = Sandbox::digest(&upload.wasm);
        let wasm: Arc<[u8]> = upload.wasm.into();
        let audit =
            Event::new(self, "Connector.Upload", visitor).with("digest", json!(digest)).with("by", json!(upload.by));
        let (component, signer) = match self.checked_upload(tenant, &wasm, &digest, upload.signature.as_deref()).await {
            Ok(checked) => checked,
            Err(error) => {
                if !self.is_official(&digest) && self.stored_nowhere(&digest).await {
                    self.registry.sandbox().forget(&digest);
                }
                let CoreError::Refusal(refusal) = &error else { return Err(error) };
                let (owner, audit) = (tenant.clone(), audit.failed(refusal.code.code()));
                self.write_event(owner, audit).await?;
                return Err(error);
            }
        };
        let version = Version {
            factory_id: component.manifest().id.clone(),
            digest: digest.clone(),
            manifest: (**component.manifest()).clone(),
            state: VersionState::Staged,
            signer,
            uploaded_by: upload.by,
            approved_by: None,
            activated_at: None,
            created_at: self.now(),
            size: i64::try_from(wasm.len()).unwrap_or(i64::MAX),
        };
        let (owner, id, policy) = (tenant.clone(), version.factory_id.clone(), self.parts.trust.clone());
        let audit = audit.with("factoryId", json!(id)).with("version", json!(version.manifest.version));
        let kept = self.parts.store.write(async move |tx| {
            crate::tenants::lock(tx, &owner).await?;
            if connector_versions::find(tx, &owner, &version.factory_id, &version.digest).await?.is_none() {
                let stored = connector_versions::stored(tx, &owner, &version.factory_id).await?;
                room(&policy, stored, version.size)?;
                connector_versions::insert(tx, &owner, &version, wasm.to_vec()).await?;
                audit.write(tx, &owner).await?;
            }
            Ok::<_, CoreError>(())
        });
        kept.await.map_err(full)?;
        self.connector_version(tenant, &id, &digest).await
    }

    async fn checked_upload(
        &self,
        tenant: &TenantId,
        wasm: &Arc<[u8]>,
        digest: &str,
        signature: Option<&str>,
    ) -> Result<(Arc<Component>, Option<String>), CoreError> {
        let signer = self.parts.trust.judge(wasm, digest, signature)?;
        // Judged again where it is kept; here, so that what cannot be kept is not compiled.
        let (owner, size) = (tenant.clone(), i64::try_from(wasm.len()).unwrap_or(i64::MAX));
        let stored = self.read(async move |tx| all(tx, &owner).await).await?;
        room(&self.parts.trust, stored, size)?;
        if !self.registry.sandbox().has_room(wasm.len()) {
            return Err(ErrorCode::UploadStorageFull.into());
        }
        let component = check_upload(self.registry.sandbox(), wasm).await.map_err(refused)?;
        self.fits(tenant, &component)?;
        Ok((component, signer))
    }

    pub(super) fn is_official(&self, digest: &str) -> bool {
        self.registry.official().any(|own| own.digest == digest)
    }

    async fn stored_nowhere(&self, digest: &str) -> bool {
        let stored = self.read(async move |tx| connector_versions::digests(tx).await).await;
        stored.is_ok_and(|all| !all.iter().any(|one| one == digest))
    }

    /// An id keeps its kind: what is configured under it would not fit another one. What is an official module's belongs to it.
    fn fits(&self, tenant: &TenantId, component: &Component) -> Result<(), Refusal> {
        let manifest = component.manifest();
        if let Some(factory) = self.registry.get(tenant, &manifest.id)
            && factory.manifest.kind != manifest.kind
        {
            let message = format!("{} is a connector of another kind here: choose another id.", manifest.id);
            return Err(Refusal::with_message(ErrorCode::UploadKindChanged, message));
        }
        if self.parts.trust.official_names || self.is_official(component.digest()) {
            return Ok(());
        }
        let official: Vec<&Manifest> = self.registry.official().map(|own| &*own.manifest).collect();
        match reserved(manifest, official) {
            None => Ok(()),
            Some(field) => {
                let message = format!("The manifest's {field} is that of an official module: choose another one.");
                Err(Refusal::with_message(ErrorCode::UploadNameReserved, message))
            }
        }
    }

    /// Removes compiled code of what is stored no longer.
    pub(crate) async fn tidy_compiled(&self) -> Result<(), CoreError> {
        let stored = self.read(async move |tx| connector_versions::digests(tx).await).await?;
        let own = self.registry.official().map(|own| own.digest.clone());
        let keep = stored.into_iter().chain(own).collect();
        let sandbox = Arc::clone(self.registry.sandbox());
        let _ = tokio::task::spawn_blocking(move || sandbox.keep_only(&keep)).await;
        Ok(())
    }
}

/// What the tenant keeps, of no factory in particular.
async fn all(tx: &mut Tx, tenant: &TenantId) -> Result<Stored, StoreError> {
    connector_versions::stored(tx, tenant, &FactoryId(String::new())).await
}

/// Refuses what goes over the operator's numbers, and says which.
fn room(policy: &TrustPolicy, stored: Stored, size: i64) -> Result<(), Refusal> {
    let refused = |what: String| {
        let message = format!("{what} are kept already. Delete some that are not used.");
        Err(Refusal::with_message(ErrorCode::UploadQuota, message))
    };
    if stored.of_factory >= policy.versions_per_factory {
        return refused(format!("{} versions of this module", stored.of_factory));
    }
    if stored.versions >= policy.versions {
        return refused(format!("{} versions", stored.versions));
    }
    if stored.bytes.saturating_add(size) > policy.bytes {
        return refused(format!("{} of {} bytes", stored.bytes, policy.bytes));
    }
    Ok(())
}

/// A full disk is said as such: the admin can make room.
pub(super) fn full(error: CoreError) -> CoreError {
    match error {
        CoreError::Store(StoreError::Full) => ErrorCode::UploadStorageFull.into(),
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unbounded_growth_of_uploads_ends_at_the_quota() {
        let policy = TrustPolicy { versions_per_factory: 2, versions: 4, bytes: 100, ..TrustPolicy::default() };
        let stored = |of_factory, versions, bytes| Stored { of_factory, versions, bytes };
        assert_eq!(room(&policy, stored(1, 3, 90), 10), Ok(()));
        for (stored, word) in [
            (stored(2, 2, 0), "2 versions of this module"),
            (stored(0, 4, 0), "4 versions are"),
            (stored(0, 0, 91), "91 of 100 bytes"),
        ] {
            let refusal = room(&policy, stored, 10).unwrap_err();
            assert!(refusal.code == ErrorCode::UploadQuota && refusal.detail().contains(word), "{}", refusal.detail());
        }
    }
}
