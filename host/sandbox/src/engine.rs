//! The engine, loading of components, and the cache of compiled code.

use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest;
use keyway_model::connector::Manifest;
use keyway_model::{Clock, Rng};
use tokio::sync::Semaphore;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::bindings::{SmsConnector, SmsConnectorPre};
use crate::budget::Budgets;
use crate::cache::Cache;
use crate::call::CallError;
use crate::egress::{Egress, EgressPolicy, Transport};
use crate::host::HostState;
use crate::inspect;

/// Calls that may be under way at once.
const SLOTS: u32 = 256;

/// What a sandbox needs to know.
pub struct Settings {
    /// Folder of compiled components.
    pub cache: PathBuf,
    /// Authenticates the files of the cache.
    pub cache_key: [u8; 32],
    /// Reserve instances in a pool; false makes each on demand, for machines that limit virtual memory.
    pub pooling: bool,
    /// Budgets of each call.
    pub budgets: Budgets,
    /// The operator's egress settings.
    pub egress: EgressPolicy,
    /// Carries requests in the network's place; the network when absent.
    pub transport: Option<Arc<dyn Transport>>,
    /// The clock that guests see.
    pub clock: Arc<dyn Clock>,
    /// The random source that guests see.
    pub rng: Arc<dyn Rng>,
}

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It breaks the contract or the limits; every problem is listed.
    #[error("{}", .0.join(" "))]
    Refused(Vec<String>),
    /// It could not be compiled.
    #[error("the component could not be compiled")]
    Compile,
    /// `describe` failed.
    #[error("describe: {0}")]
    Describe(#[from] CallError),
    /// The manifest is not as documented.
    #[error("the manifest is not as documented: {0}")]
    Manifest(String),
    /// The HTTP client could not be made.
    #[error("the egress guard could not start")]
    Egress(#[from] reqwest::Error),
}

/// A loaded component with what it said of itself.
pub struct Loaded {
    /// Ready for calls.
    pub component: Component,
    /// What it is.
    pub manifest: Manifest,
}

/// A compiled component.
pub struct Component {
    digest: String,
    pre: SmsConnectorPre<HostState>,
    egress: Arc<Egress>,
    hosts: Arc<[String]>,
}

impl Component {
    /// SHA-256 of its bytes, in hex: its name.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn pre(&self) -> &SmsConnectorPre<HostState> {
        &self.pre
    }

    pub(crate) fn egress(&self) -> &Arc<Egress> {
        &self.egress
    }

    pub(crate) fn hosts(&self) -> Arc<[String]> {
        Arc::clone(&self.hosts)
    }
}

/// Runs components under budgets.
pub struct Sandbox {
    engine: Engine,
    engine_key: String,
    linker: Linker<HostState>,
    cache: Cache,
    settings: Settings,
    egress: Arc<EgressPolicy>,
    slots: Semaphore,
}

impl Sandbox {
    /// Starts the engine and its ticking clock.
    pub fn new(settings: Settings) -> anyhow::Result<Arc<Self>> {
        let engine = Engine::new(&config(settings.pooling, &settings.budgets))?;
        let mut linker = Linker::new(&engine);
        SmsConnector::add_to_linker::<HostState, HasSelf<HostState>>(&mut linker, |state| state)?;
        let ticker = engine.weak();
        std::thread::Builder::new().name("sandbox-epoch".into()).spawn(move || {
            while let Some(engine) = ticker.upgrade() {
                engine.increment_epoch();
                drop(engine);
                #[expect(clippy::disallowed_methods, reason = "this thread is the tick itself")]
                std::thread::sleep(Budgets::TICK);
            }
        })?;
        let engine_key = {
            use std::hash::{Hash as _, Hasher as _};
            let mut hasher = std::hash::DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            format!("{:016x}", hasher.finish())
        };
        Ok(Arc::new(Self {
            engine_key,
            linker,
            cache: Cache::new(&settings.cache, &settings.cache_key)?,
            egress: Arc::new(settings.egress.clone()),
            slots: Semaphore::new(SLOTS as usize),
            settings,
            engine,
        }))
    }

    /// Checks, compiles (or takes from the cache), describes.
    pub async fn load(self: &Arc<Self>, wasm: &[u8]) -> Result<Loaded, LoadError> {
        let digest = hex::encode(digest::digest(&digest::SHA256, wasm));
        let sandbox = Arc::clone(self);
        let (bytes, name) = (wasm.to_vec(), format!("{digest}-{}", self.engine_key));
        let compiled = tokio::task::spawn_blocking(move || sandbox.compile(&bytes, &name)).await;
        let compiled = compiled.map_err(|_| LoadError::Compile)??;
        let pre = self.linker.instantiate_pre(&compiled).map_err(|_| LoadError::Compile)?;
        let pre = SmsConnectorPre::new(pre).map_err(|_| LoadError::Compile)?;
        let egress = Arc::new(Egress::new(Arc::clone(&self.egress), self.settings.transport.clone())?);
        let mut component = Component { digest, pre, egress, hosts: Arc::from([]) };
        let text = self.describe(&component).await?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| LoadError::Manifest(error.to_string()))?;
        component.hosts = manifest.hosts.clone().into();
        Ok(Loaded { component, manifest })
    }

    fn compile(&self, wasm: &[u8], name: &str) -> Result<wasmtime::component::Component, LoadError> {
        if let Some(code) = self.cache.get(name) {
            // SAFETY: the bytes carry this node's MAC, so they are what `serialize` wrote below.
            #[expect(unsafe_code, reason = "native code that this node made and authenticated")]
            let loaded = unsafe { wasmtime::component::Component::deserialize(&self.engine, code) };
            if let Ok(component) = loaded {
                return Ok(component);
            }
        }
        let problems = inspect::problems(wasm);
        if !problems.is_empty() {
            return Err(LoadError::Refused(problems));
        }
        let component = wasmtime::component::Component::from_binary(&self.engine, wasm).map_err(|error| {
            tracing::warn!(%error, "component not compiled");
            LoadError::Compile
        })?;
        if let Err(error) =
            component.serialize().map_err(std::io::Error::other).and_then(|code| self.cache.put(name, &code))
        {
            tracing::warn!(%error, "compiled component not cached");
        }
        Ok(component)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn budgets(&self) -> &Budgets {
        &self.settings.budgets
    }

    pub(crate) fn slots(&self) -> &Semaphore {
        &self.slots
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.settings.clock
    }

    pub(crate) fn rng(&self) -> &Arc<dyn Rng> {
        &self.settings.rng
    }
}

fn config(pooling: bool, budgets: &Budgets) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .memory_init_cow(true)
        .wasm_backtrace_max_frames(None)
        .max_wasm_stack(256 * 1024)
        .async_stack_size(1024 * 1024)
        .wasm_multi_memory(true)
        .wasm_memory64(false)
        .wasm_tail_call(false);
    if pooling {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(SLOTS)
            .total_core_instances(SLOTS * 4)
            .total_memories(SLOTS * 2)
            .total_tables(SLOTS * 4)
            .total_stacks(SLOTS)
            .max_core_instances_per_component(200)
            .max_memories_per_component(8)
            .max_tables_per_component(64)
            .max_memory_size(budgets.memory)
            .table_elements(budgets.table_elements)
            .max_unused_warm_slots(8)
            .pagemap_scan(Enabled::Auto)
            .linear_memory_keep_resident(1024 * 1024)
            .async_stack_keep_resident(128 * 1024);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}
