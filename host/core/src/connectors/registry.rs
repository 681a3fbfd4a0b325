//! The loaded components, by factory id.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use keyway_model::FactoryId;
use keyway_model::connector::Manifest;
use keyway_sandbox::{Component, Sandbox};
use tokio::sync::watch;

/// A loaded component and what it says of itself.
pub struct Factory {
    /// What it is.
    pub manifest: Manifest,
    /// Ready for calls.
    pub component: Component,
}

type Factories = BTreeMap<FactoryId, Arc<Factory>>;

/// All loaded components. Loading goes on in the background; who asks waits for it.
pub struct Registry {
    factories: Arc<ArcSwap<Factories>>,
    loaded: watch::Receiver<bool>,
    sandbox: Arc<Sandbox>,
}

impl Registry {
    /// Starts to load `components`; one that cannot be loaded is reported and left out.
    pub fn load(sandbox: Arc<Sandbox>, components: Vec<Vec<u8>>) -> Self {
        let factories = Arc::new(ArcSwap::from_pointee(Factories::new()));
        let (sender, loaded) = watch::channel(false);
        let (target, loader) = (Arc::clone(&factories), Arc::clone(&sandbox));
        tokio::spawn(async move {
            let mut found = Factories::new();
            for wasm in components {
                match loader.load(&wasm).await {
                    Ok(loaded) => {
                        let factory = Factory { manifest: loaded.manifest, component: loaded.component };
                        found.insert(factory.manifest.id.clone(), Arc::new(factory));
                    }
                    Err(error) => tracing::error!(%error, "connector not loaded"),
                }
            }
            target.store(Arc::new(found));
            let _ = sender.send(true);
        });
        Self { factories, loaded, sandbox }
    }

    /// The sandbox that runs the components.
    pub fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// Every factory, by id.
    pub async fn all(&self) -> Vec<Arc<Factory>> {
        // An error means that loading ended without a word; what is there is all there will be.
        let _ = self.loaded.clone().wait_for(|loaded| *loaded).await;
        self.factories.load().values().cloned().collect()
    }

    /// The factory with this id.
    pub async fn get(&self, id: &FactoryId) -> Option<Arc<Factory>> {
        let _ = self.loaded.clone().wait_for(|loaded| *loaded).await;
        self.factories.load().get(id).cloned()
    }
}
