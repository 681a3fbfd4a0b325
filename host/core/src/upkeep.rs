//! What is done from time to time and for nobody in particular. Nothing that is checked depends on it.

use keyway_store::{StoreError, password_costs, retention, tenants, users};

use crate::{Core, CoreError, password};

/// Users that one transaction writes anew, and rows of a table of a deleted tenant that it removes.
const BATCH: i64 = 200;
/// Transactions of one run.
const BATCHES: u32 = 500;

impl Core {
    /// Removes what time has ended or nothing refers to, and brings users' rows of an earlier version up to date; the number of
    /// rows that were removed.
    pub async fn sweep(&self) -> Result<u64, CoreError> {
        for _ in 0..BATCHES {
            let ours = self.parts.password_cost;
            if self.parts.store.write(async move |tx| derive(tx, ours).await).await? == 0 {
                break;
            }
        }
        let mut removed = 0;
        for _ in 0..BATCHES {
            let batch = self.parts.store.write(async |tx| tenants::remove_deleted(tx, BATCH).await).await?;
            removed += batch;
            if batch == 0 {
                break;
            }
        }
        Ok(removed + retention::sweep(&self.parts.store, self.parts.retention, self.now()).await?)
    }
}

/// One batch; the number of users.
async fn derive(tx: &mut keyway_store::Tx, ours: password::Cost) -> Result<usize, StoreError> {
    let outdated = users::outdated(tx, BATCH).await?;
    for (tenant, user) in &outdated {
        users::derive(tx, tenant, user).await?;
        // A hash that cannot be read signs nobody in.
        if let Some(Ok(Some(cost))) = user.password.as_ref().map(|hash| password::imported(hash, ours)) {
            password_costs::note(tx, tenant, &user.id, &cost, |_| true).await?;
        }
    }
    Ok(outdated.len())
}
