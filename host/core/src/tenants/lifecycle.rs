//! Tenants come and go while the server runs.

use keyway_model::resource::{Role, RoleType};
use keyway_model::tenant::{Tenant, TenantAddress};
use keyway_model::{ErrorCode, Refusal, TenantId};
use keyway_store::{Constraint, StoreError, keys, tenants};

use super::{MANAGEMENT_ROLE, management_api};
use crate::keys::generate;
use crate::{Core, CoreError};

impl Core {
    /// Every tenant, oldest first.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, CoreError> {
        let found = self.read(async |tx| tenants::list(tx).await).await?;
        Ok(found.into_iter().map(|(tenant, _)| tenant).collect())
    }

    /// Makes a tenant with a signing key and a Management API of its own. It serves on this node at once and on the others
    /// within half a second. Refused where its id or host is taken, also by a tenant that was deleted a moment ago.
    pub async fn create_tenant(&self, id: TenantId, name: String, endpoint: &str) -> Result<Tenant, CoreError> {
        id.check_new()?;
        if name.chars().count() > 128 {
            return Err(Refusal::invalid_input("name", "must have 128 characters at most").into());
        }
        let address = TenantAddress::parse(endpoint)?;
        let settled = [TenantId::default_tenant(), TenantId::admin()].map(|tenant| self.endpoint(&tenant));
        if settled.iter().any(|settled| settled.split_once("://").is_some_and(|(_, host)| host == address.host)) {
            return Err(ErrorCode::UniqueViolation.into());
        }
        let now = self.now();
        let tenant = Tenant { id, name, address: Some(address), created_at: now };
        let (key, master) = (generate(&self.parts, now, now)?, self.parts.master_key.clone());
        let made = tenant.clone();
        let write = self.parts.store.write(async move |tx| {
            tenants::insert(tx, &made).await?;
            keys::insert(tx, &made.id, &key, &master).await?;
            let role = Role {
                id: MANAGEMENT_ROLE.into(),
                name: "Logto Management API access".into(),
                description: "Full access to the Management API".into(),
                kind: RoleType::MachineToMachine,
                is_default: false,
            };
            management_api(tx, &made.id, role, now).await
        });
        write.await.map_err(|error| match error {
            CoreError::Store(StoreError::Unique(Constraint::TenantId | Constraint::TenantHost)) => {
                ErrorCode::UniqueViolation.into()
            }
            error => error,
        })?;
        self.directory.reload(&self.parts.store).await?;
        Ok(tenant)
    }

    /// Takes a tenant out of use: its address leads nowhere, and nothing of it opens anything, here at once and on other nodes
    /// within half a second. Its rows are removed while the server runs. The two tenants that are always there stay.
    pub async fn delete_tenant(&self, id: &TenantId) -> Result<(), CoreError> {
        if [TenantId::default_tenant(), TenantId::admin()].contains(id) {
            return Err(ErrorCode::Forbidden.into());
        }
        let now = self.now();
        let deleted = self.parts.store.write(async move |tx| Ok::<_, CoreError>(tenants::delete(tx, id, now).await?));
        if !deleted.await? {
            return Err(ErrorCode::EntityNotFound.into());
        }
        self.directory.reload(&self.parts.store).await?;
        Ok(())
    }

    /// The tenant that a `Host` header leads to, where it is not that of the listener.
    pub fn tenant_of_host(&self, host: &str) -> Option<TenantId> {
        self.directory.of_host(host)
    }
}
