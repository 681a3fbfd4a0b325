//! Tenants come and go while the server runs.

use keyway_model::tenant::{Tenant, TenantAddress};
use keyway_model::{Refusal, TenantId};
use keyway_store::{Constraint, StoreError, keys, tenants};
use serde_json::json;

use super::{management_api, management_role};
use crate::events::{Event, EventKind};
use crate::keys::generate;
use crate::{Core, CoreError, Cx};

/// Why nothing was done about a tenant.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The tenant is not there.
    #[error("not found")]
    NotFound,
    /// The id or the host is another tenant's, or was that of one deleted a moment ago.
    #[error("the id or the host is taken")]
    Taken,
    /// The two tenants that are always there stay.
    #[error("the tenant is always there")]
    Fixed,
    /// The id, the name or the address is none; says which.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// What a tenant starts with could not be made.
    #[error(transparent)]
    Core(CoreError),
}

impl From<StoreError> for TenantError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unique(Constraint::TenantId | Constraint::TenantHost) => Self::Taken,
            error => Self::Core(error.into()),
        }
    }
}

impl From<CoreError> for TenantError {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Store(error) => error.into(),
            CoreError::Refusal(refusal) => Self::Refused(refusal),
            error => Self::Core(error),
        }
    }
}

/// Every tenant, oldest first.
#[tracing::instrument(name = "tenants.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<Tenant>, TenantError> {
    let found = cx.read(async |tx| Ok::<_, TenantError>(tenants::list(tx).await?)).await?;
    Ok(found.into_iter().map(|(tenant, _)| tenant).collect())
}

/// Makes a tenant with a signing key and a Management API of its own. It serves on this node at once and on the others
/// within half a second. Refused where its id or host is taken, also by a tenant that was deleted a moment ago.
#[tracing::instrument(name = "tenants.create", skip_all)]
pub async fn create(cx: &Cx, id: TenantId, name: String, endpoint: &str) -> Result<Tenant, TenantError> {
    id.check_new()?;
    if name.chars().count() > 128 {
        return Err(Refusal::invalid_input("name", "must have 128 characters at most").into());
    }
    let core = cx.core();
    let address = TenantAddress::parse(endpoint)?;
    let settled = [TenantId::default_tenant(), TenantId::admin()].map(|tenant| core.endpoint(&tenant));
    if settled.iter().any(|settled| settled.split_once("://").is_some_and(|(_, host)| host == address.host)) {
        return Err(TenantError::Taken);
    }
    let tenant = Tenant { id, name, address: Some(address), created_at: cx.now };
    let key = generate(&core.parts, cx.now, cx.now)?;
    let made = tenant.clone();
    cx.write(async move |tx| {
        tenants::insert(tx, &made).await?;
        keys::insert(tx, &made.id, &key, &core.parts.master_key).await?;
        management_api(tx, &made.id, management_role(), cx.now).await?;
        let event = Event::new(EventKind::TenantCreated).target("tenantId", made.id.as_str());
        Ok::<_, TenantError>(cx.emit(tx, event.added("name", json!(made.name))).await?)
    })
    .await?;
    core.directory.reload(&core.parts.store).await?;
    Ok(tenant)
}

/// Takes a tenant out of use: its address leads nowhere, and nothing of it opens anything, here at once and on other nodes
/// within half a second. Its rows are removed while the server runs. The two tenants that are always there stay.
#[tracing::instrument(name = "tenants.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &TenantId) -> Result<(), TenantError> {
    if [TenantId::default_tenant(), TenantId::admin()].contains(id) {
        return Err(TenantError::Fixed);
    }
    cx.write(async move |tx| {
        if !tenants::delete(tx, id, cx.now).await? {
            return Err(TenantError::NotFound);
        }
        Ok(cx.emit(tx, Event::new(EventKind::TenantDeleted).target("tenantId", id.as_str())).await?)
    })
    .await?;
    cx.core().directory.reload(&cx.core().parts.store).await?;
    Ok(())
}

impl Core {
    /// The tenant that a `Host` header leads to, where it is not that of the listener.
    pub fn tenant_of_host(&self, host: &str) -> Option<TenantId> {
        self.directory.of_host(host)
    }
}
