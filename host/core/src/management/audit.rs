//! Reads the audit log.

use keyway_model::log::LogEntry;
use keyway_model::{ErrorCode, LogId, TenantId};
use keyway_store::{Page, logs};

use crate::{Core, CoreError};

impl Core {
    /// A page of entries, newest first, and how many there are.
    pub async fn logs(
        &self,
        tenant: &TenantId,
        filter: logs::Filter,
        page: Page,
    ) -> Result<(Vec<LogEntry>, i64), CoreError> {
        let tenant = tenant.clone();
        self.look(|tx| Box::pin(async move { logs::list(tx, &tenant, &filter, page).await })).await
    }

    /// An entry.
    pub async fn log(&self, tenant: &TenantId, id: LogId) -> Result<LogEntry, CoreError> {
        let tenant = tenant.clone();
        let found = self.look(|tx| Box::pin(async move { logs::find(tx, &tenant, &id).await })).await?;
        found.ok_or_else(|| ErrorCode::EntityNotFound.into())
    }
}
