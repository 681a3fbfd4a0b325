//! The version of what administrators configure: applications and their secrets, resources, roles, connectors and settings.
//! It grows in every transaction that changes any of them, so that whoever keeps a copy knows when to read again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use keyway_model::{TenantId, Timestamp};
use tokio::sync::watch;

use crate::statement::query;
use crate::{Store, StoreError, Tx};

/// How long a version is trusted without looking again, in milliseconds: another node's change shows within this time, this
/// node's own at once.
const TRUSTED: i64 = 500;

pub(crate) struct Versions {
    /// Grows when this node commits a change or hears of another's.
    epoch: AtomicU64,
    changes: watch::Sender<u64>,
    seen: RwLock<HashMap<TenantId, SeenVersion>>,
}

#[derive(Clone, Copy)]
struct SeenVersion {
    version: i64,
    at: Timestamp,
    epoch: u64,
}

impl Default for Versions {
    fn default() -> Self {
        Self { epoch: AtomicU64::new(0), changes: watch::Sender::new(0), seen: RwLock::default() }
    }
}

impl Versions {
    /// Forgets what was seen, after a commit.
    pub(crate) fn expire(&self) {
        let epoch = self.epoch.fetch_add(1, Ordering::AcqRel);
        self.changes.send_replace(epoch + 1);
    }

    fn trusted(&self, tenant: &TenantId, now: Timestamp, epoch: u64) -> Option<i64> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner).get(tenant).copied()?;
        // A clock that went back proves nothing.
        (seen.epoch == epoch && (0..TRUSTED).contains(&(now.0 - seen.at.0))).then_some(seen.version)
    }
}

/// Notes in this transaction that the tenant's configuration changed.
pub(crate) async fn changed(tx: &mut Tx, tenant: &TenantId) -> Result<(), StoreError> {
    tx.configured = true;
    let statement = query("UPDATE tenants SET configuration_version = configuration_version + 1 WHERE id = $1");
    tx.execute(statement.bind(tenant.0.clone())).await.map(|_| ())
}

impl Store {
    /// Changes whenever the configuration does: at once for this node's commits and, on PostgreSQL, for those that other
    /// nodes announce. Who needs to be sure looks at the version from time to time as well.
    pub fn configuration_changes(&self) -> watch::Receiver<u64> {
        self.versions.changes.subscribe()
    }

    /// The version of the tenant's configuration. What is read afterwards is at least as new.
    pub async fn configuration_version(&self, tenant: &TenantId, now: Timestamp) -> Result<i64, StoreError> {
        // Taken before the read: a commit in between makes the outcome worthless at once.
        let epoch = self.versions.epoch.load(Ordering::Acquire);
        if let Some(version) = self.versions.trusted(tenant, now, epoch) {
            return Ok(version);
        }
        let owner = tenant.clone();
        let version = self.read(async move |tx| {
            let statement = query("SELECT configuration_version FROM tenants WHERE id = $1").bind(owner.0);
            let row = tx.one(statement).await?.ok_or(StoreError::Inconsistent("tenants.id"))?;
            row.get::<i64>("configuration_version")
        });
        let version = version.await?;
        let mut seen = self.versions.seen.write().unwrap_or_else(PoisonError::into_inner);
        seen.insert(tenant.clone(), SeenVersion { version, at: now, epoch });
        Ok(version)
    }
}
