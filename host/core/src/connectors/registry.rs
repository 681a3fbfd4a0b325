//! The components that serve: those of the binary, and in their place the uploaded versions that an admin activated.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use keyway_model::connector::{ConnectorSettings, Manifest};
use keyway_model::{FactoryId, TenantId};
use keyway_sandbox::{Component, LoadError, Sandbox};
use keyway_store::{Store, StoreError, connector_versions};
use tokio::sync::OnceCell;

use super::factories::Uploads;

/// A component and what it says of itself.
pub struct Factory {
    /// What it is.
    pub manifest: Arc<Manifest>,
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
    /// Whether an admin uploaded it.
    pub uploaded: bool,
    wasm: &'static [u8],
    component: OnceCell<Arc<Component>>,
}

impl Factory {
    fn of_binary(wasm: &'static [u8]) -> Result<Self, LoadError> {
        let manifest = Arc::new(keyway_sandbox::manifest(wasm).map_err(LoadError)?);
        let digest = Sandbox::digest(wasm);
        Ok(Self { manifest, digest, uploaded: false, wasm, component: OnceCell::new() })
    }

    fn of_upload(component: Arc<Component>) -> Self {
        Self {
            manifest: Arc::clone(component.manifest()),
            digest: component.digest().to_owned(),
            uploaded: true,
            wasm: &[],
            component: OnceCell::new_with(Some(component)),
        }
    }

    /// Whether addresses that the provider calls verified count: as the admin says, else those of the binary's modules.
    pub fn trusts_addresses(&self, settings: &ConnectorSettings) -> bool {
        settings.trust_verified_addresses.unwrap_or(!self.uploaded)
    }

    /// The component, compiled at its first use.
    pub async fn component(&self, sandbox: &Arc<Sandbox>) -> Result<&Arc<Component>, LoadError> {
        self.component.get_or_try_init(async || sandbox.load(self.wasm).await).await
    }
}

type ServingFactories = BTreeMap<(TenantId, FactoryId), Arc<Factory>>;

/// A version that should serve here but cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skew {
    /// Its factory.
    pub factory_id: FactoryId,
    /// Its digest.
    pub digest: String,
    /// Why it cannot.
    pub reason: String,
}

/// All components of this node.
pub struct Registry {
    sandbox: Arc<Sandbox>,
    binary: BTreeMap<FactoryId, Arc<Factory>>,
    serving: ArcSwap<ServingFactories>,
    skew: Mutex<BTreeMap<(TenantId, FactoryId), Skew>>,
    turn: tokio::sync::Mutex<()>,
    pub(super) uploads: Uploads,
}

impl Registry {
    /// Knows the binary's components at once; their code is taken from the cache in the background, or made at first use.
    pub fn new(sandbox: Arc<Sandbox>, components: &[&'static [u8]]) -> Self {
        let mut binary = BTreeMap::new();
        for wasm in components {
            match Factory::of_binary(wasm) {
                Ok(factory) => {
                    binary.insert(factory.manifest.id.clone(), Arc::new(factory));
                }
                Err(error) => tracing::error!(%error, "a connector of the binary cannot be used"),
            }
        }
        let (factories, loader): (Vec<Arc<Factory>>, _) = (binary.values().cloned().collect(), Arc::clone(&sandbox));
        tokio::task::spawn_blocking(move || {
            for factory in factories {
                if let Some(component) = loader.load_cached(&factory.digest, &factory.manifest) {
                    // A call may have loaded it meanwhile: either is as good.
                    drop(factory.component.set(component));
                }
            }
        });
        Self {
            sandbox,
            binary,
            serving: ArcSwap::default(),
            skew: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            uploads: Uploads::default(),
        }
    }

    /// The sandbox that runs the components.
    pub fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// Every factory of the tenant, by id.
    pub fn all(&self, tenant: &TenantId) -> Vec<Arc<Factory>> {
        let mut found: BTreeMap<FactoryId, Arc<Factory>> = self.binary.clone();
        for ((owner, id), factory) in self.serving.load().iter() {
            if owner == tenant {
                found.insert(id.clone(), Arc::clone(factory));
            }
        }
        found.into_values().collect()
    }

    /// The factory with this id.
    pub fn get(&self, tenant: &TenantId, id: &FactoryId) -> Option<Arc<Factory>> {
        let serving = self.serving.load();
        serving.get(&(tenant.clone(), id.clone())).cloned().or_else(|| self.of_binary(id))
    }

    /// The binary's factories.
    pub fn official(&self) -> impl Iterator<Item = &Arc<Factory>> {
        self.binary.values()
    }

    /// The binary's factory with this id.
    pub fn of_binary(&self, id: &FactoryId) -> Option<Arc<Factory>> {
        self.binary.get(id).cloned()
    }

    /// Whether a factory of the binary keeps identities under this target.
    pub fn binary_has_target(&self, target: &str) -> bool {
        self.binary.values().any(|factory| factory.manifest.target == target)
    }

    /// Whether these are the bytes of a factory of the binary.
    pub fn is_official(&self, digest: &str) -> bool {
        self.official().any(|own| own.digest == digest)
    }

    /// Versions of the tenant that should serve here but cannot.
    pub fn skew(&self, tenant: &TenantId) -> Vec<Skew> {
        let all = self.skew.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|((owner, _), _)| owner == tenant).map(|(_, skew)| skew.clone()).collect()
    }

    /// How many versions of all tenants should serve here but cannot.
    pub fn skew_of_all(&self) -> usize {
        self.skew.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Makes what serves here what the store says. A version is ready before it takes over, calls under way end on the old
    /// one, and one that cannot be loaded leaves the old one in place.
    pub async fn reconcile(&self, store: &Store, tenant: &TenantId) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let owner = tenant.clone();
        let active: Vec<(FactoryId, String)> =
            store.read(async move |tx| connector_versions::active(tx, &owner).await).await?;
        let mut next: ServingFactories = (**self.serving.load()).clone();
        next.retain(|(owner, id), _| owner != tenant || active.iter().any(|(active, _)| active == id));
        let mut skew = BTreeMap::new();
        for (id, digest) in active {
            let key = (tenant.clone(), id.clone());
            if next.get(&key).is_some_and(|factory| factory.digest == digest) {
                continue;
            }
            match self.fetch(store, tenant, &id, &digest).await? {
                Ok(component) => {
                    tracing::info!(connector = %id, digest, "a connector version serves now");
                    next.insert(key, Arc::new(Factory::of_upload(component)));
                }
                Err(reason) => {
                    tracing::error!(connector = %id, digest, reason, "a connector version cannot be loaded here");
                    skew.insert(key, Skew { factory_id: id, digest, reason });
                }
            }
        }
        self.serving.store(Arc::new(next));
        let mut all = self.skew.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(owner, _), _| owner != tenant);
        all.extend(skew);
        Ok(())
    }

    /// Forgets the versions of tenants that are gone.
    pub fn keep(&self, is_there: impl Fn(&TenantId) -> bool) {
        if self.serving.load().keys().any(|(owner, _)| !is_there(owner)) {
            self.serving.rcu(|serving| {
                let mut next: ServingFactories = (**serving).clone();
                next.retain(|(owner, _), _| is_there(owner));
                next
            });
        }
        self.skew.lock().unwrap_or_else(PoisonError::into_inner).retain(|(owner, _), _| is_there(owner));
    }

    async fn fetch(
        &self,
        store: &Store,
        tenant: &TenantId,
        id: &FactoryId,
        digest: &str,
    ) -> Result<Result<Arc<Component>, String>, StoreError> {
        let (owner, factory, name) = (tenant.clone(), id.clone(), digest.to_owned());
        let read = store.read(async move |tx| connector_versions::wasm(tx, &owner, &factory, &name).await);
        let Some(wasm) = read.await? else { return Ok(Err("its bytes are missing".into())) };
        if Sandbox::digest(&wasm) != digest {
            return Ok(Err("its bytes are not those of its digest".into()));
        }
        Ok(self.sandbox.load(&wasm).await.map_err(|error| error.to_string()))
    }
}
