//! The tenants as this node knows them: which host leads to which, and where each is reached.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use keyway_model::TenantId;
use keyway_model::tenant::{Tenant, TenantAddress};
use keyway_store::{Store, StoreError, tenants};
use url::Url;

/// What the store said when it was read last.
#[derive(Default)]
struct KnownTenants {
    endpoints: HashMap<TenantId, String>,
    hosts: HashMap<String, TenantId>,
    of_users: Arc<[Tenant]>,
}

/// The tenants of this node.
pub(crate) struct Directory {
    /// Of the tenants whose addresses are in the server's settings.
    settled: [(TenantId, String); 2],
    known: ArcSwap<KnownTenants>,
}

impl Directory {
    pub fn new(endpoint: &Url, admin_endpoint: &Url) -> Self {
        let text = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        let settled = [(TenantId::default_tenant(), text(endpoint)), (TenantId::admin(), text(admin_endpoint))];
        Self { settled, known: ArcSwap::default() }
    }

    /// Reads the tenants anew; each with the version of its configuration.
    pub async fn reload(&self, store: &Store) -> Result<Vec<(Tenant, i64)>, StoreError> {
        let tenants = store.read(async |tx| tenants::list(tx).await).await?;
        let mut known = KnownTenants::default();
        for (tenant, _) in &tenants {
            if let Some(address) = &tenant.address {
                known.endpoints.insert(tenant.id.clone(), address.endpoint.clone());
                known.hosts.insert(address.host.clone(), tenant.id.clone());
            }
        }
        let of_users = tenants.iter().filter(|(tenant, _)| tenant.id != TenantId::admin());
        known.of_users = of_users.map(|(tenant, _)| self.addressed(tenant)).collect();
        self.known.store(Arc::new(known));
        Ok(tenants)
    }

    /// A tenant with its address, also where the settings say it.
    fn addressed(&self, tenant: &Tenant) -> Tenant {
        let settled = self.settled.iter().find(|(id, _)| *id == tenant.id);
        let address = settled.map(|(_, endpoint)| TenantAddress {
            endpoint: endpoint.clone(),
            host: endpoint.split_once("://").map(|(_, host)| host.to_owned()).unwrap_or_default(),
        });
        Tenant { address: address.or_else(|| tenant.address.clone()), ..tenant.clone() }
    }

    /// Every tenant but the operators' own, oldest first, each with its address.
    pub fn of_users(&self) -> Arc<[Tenant]> {
        Arc::clone(&self.known.load().of_users)
    }

    /// The address of a tenant without a slash at its end; empty for one that is not there.
    pub fn endpoint(&self, tenant: &TenantId) -> String {
        let settled = self.settled.iter().find(|(id, _)| id == tenant).map(|(_, endpoint)| endpoint.clone());
        settled.or_else(|| self.known.load().endpoints.get(tenant).cloned()).unwrap_or_default()
    }

    /// The tenant that a `Host` header leads to; none where the host is that of the settings, or unknown.
    pub fn of_host(&self, host: &str) -> Option<TenantId> {
        let known = self.known.load();
        // The usual case: one tenant of users.
        if known.hosts.is_empty() {
            return None;
        }
        let host = host.to_ascii_lowercase();
        let bare = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(&host);
        known.hosts.get(bare).cloned()
    }
}
