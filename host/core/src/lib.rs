//! What the server does. Each public function is one use case: it parses nothing and renders nothing.

pub mod administrators;
pub mod applications;
pub mod audit_logs;
mod configuration;
pub mod connectors;
pub mod console;
pub mod custom_phrases;
mod cx;
pub mod email_templates;
mod error;
pub mod events;
pub mod images;
mod jobs;
pub mod limits;
pub mod oauth;
pub mod password;
pub mod password_link;
pub mod resources;
pub mod roles;
pub mod secret;
pub mod sign_in_experience;
pub mod signin;
pub mod signing_keys;
pub mod tenants;
pub mod users;

use std::sync::Arc;

use keyway_model::{Clock, Rng, TenantId, Timestamp};
use keyway_sandbox::Sandbox;
use keyway_store::retention::Retention;
use keyway_store::{MasterKey, Store, StoreError, Tx};
use url::Url;

pub use configuration::TenantSettings;
pub use cx::{Actor, Cx, RequestInfo};
pub use error::CoreError;
pub use keyway_store::{Page, Total};

/// What the core is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Runs connectors.
    pub sandbox: Arc<Sandbox>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The random source.
    pub rng: Arc<dyn Rng>,
    /// Seals secrets.
    pub master_key: MasterKey,
    /// Public address of the users' tenant.
    pub endpoint: Url,
    /// Public address of the operators' tenant.
    pub admin_endpoint: Url,
    /// What hashing a password costs: the default, but in tests.
    pub password_cost: password::Cost,
    /// Limits on messages and guesses.
    pub limits: limits::Limits,
    /// How long rows are kept.
    pub retention: Retention,
    /// Whose components may be uploaded.
    pub trust: connectors::TrustPolicy,
}

/// The use cases, over a store, a sandbox, a clock and a random source.
pub struct Core {
    parts: Parts,
    registry: connectors::Registry,
    configuration: configuration::Configuration,
    directory: tenants::Directory,
    hasher: password::Hasher,
    /// This node, among those that share the database.
    node: String,
    calls: connectors::Calls,
    held_back: limits::HeldBack,
}

/// Who sent a request, for limits and the audit log.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// The browser's address, as far as trusted proxies tell it.
    pub ip: String,
    /// The browser's user agent.
    pub user_agent: Option<String>,
    /// A program on this machine that calls without a proxy, where the operator says that those are trusted: not counted by
    /// address or country.
    pub local: bool,
}

impl Core {
    /// Opens the tenants, their keys and the given connector components, for a server.
    pub async fn open(parts: Parts, components: &[&'static [u8]]) -> Result<Arc<Self>, CoreError> {
        Self::open_as(parts, components, tenants::Opener::Server).await
    }

    /// Opens the tenants for a command, which may run beside the server with other settings: what is there stays as it is.
    pub async fn open_beside(parts: Parts) -> Result<Arc<Self>, CoreError> {
        Self::open_as(parts, &[], tenants::Opener::Command).await
    }

    async fn open_as(
        parts: Parts,
        components: &[&'static [u8]],
        opener: tenants::Opener,
    ) -> Result<Arc<Self>, CoreError> {
        tenants::seed(&parts, opener).await?;
        signing_keys::seed(&parts).await?;
        let registry = connectors::Registry::new(Arc::clone(&parts.sandbox), components);
        let hasher = password::Hasher::new(Arc::clone(&parts.rng), parts.password_cost)?;
        let directory = tenants::Directory::new(&parts.endpoint, &parts.admin_endpoint);
        for (tenant, _) in directory.reload(&parts.store).await? {
            registry.reconcile(&parts.store, &tenant.id).await?;
        }
        let node = parts.rng.text(21);
        let core = Arc::new(Self {
            parts,
            registry,
            configuration: configuration::Configuration::default(),
            directory,
            hasher,
            node,
            calls: connectors::Calls::default(),
            held_back: limits::HeldBack::default(),
        });
        if let Err(error) = connectors::factories::tidy_compiled(&core).await {
            tracing::warn!(%error, "compiled code that nothing needs could not be removed");
        }
        tokio::spawn(connectors::factories::follow(Arc::downgrade(&core)));
        Ok(core)
    }

    /// Reads, outside of transactions.
    pub(crate) async fn read<T>(
        &self,
        job: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>,
    ) -> Result<T, CoreError> {
        Ok(self.parts.store.read(job).await?)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The database, for health checks.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    pub(crate) fn rng(&self) -> &(dyn Rng + 'static) {
        &*self.parts.rng
    }

    /// Messages that this node held back since its start: rule, outcome and count.
    pub fn held_back(&self) -> Vec<(&'static str, &'static str, u64)> {
        self.held_back.totals()
    }

    /// A new id for a request that came without one.
    pub fn request_id(&self) -> String {
        self.rng().text(16)
    }

    /// A new id, a name and no secret.
    pub(crate) fn id<T: From<String>>(&self) -> T {
        T::from(self.rng().id(self.now()))
    }

    /// Public address of a tenant, without a slash at its end.
    pub fn endpoint(&self, tenant: &TenantId) -> String {
        self.directory.endpoint(tenant)
    }

    /// The issuer of a tenant's tokens.
    pub fn issuer(&self, tenant: &TenantId) -> String {
        format!("{}/oidc", self.endpoint(tenant))
    }
}
