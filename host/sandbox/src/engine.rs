//! The engines, loading of components, and the cache of compiled code.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::digest;
use keyway_model::connector::Manifest;
use keyway_model::marks::Marks;
use keyway_model::{Clock, Rng};
use serde_json::Value;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use crate::bindings::exports::keyway::connector::{config, email, meta, sms, social, social_tokens};
use crate::budget::Budgets;
use crate::cache::Cache;
use crate::compile::{Compiler, SLOTS, Target, Tier};
use crate::cpu_queue::CpuQueue;
use crate::egress::{Egress, EgressPolicy, Transport};
use crate::host::HostState;
use crate::inspect::{self, Problem};
use crate::prepared::{Preparations, Prepared};

/// Bytes of the disk that stay free for the database, so that there is room to delete something.
const RESERVE: u64 = 64 * 1024 * 1024;
/// Bytes of compiled code, of both compilers, that a byte of a component may become.
const CODE_PER_BYTE: u64 = 12;

/// Bytes that are written to learn whether the disk takes any more: a block of every file system.
const PROBE: usize = 16 * 1024;

/// What a sandbox needs to know.
pub struct Settings {
    /// Folder of compiled components.
    pub cache: PathBuf,
    /// Authenticates the files of the cache.
    pub cache_key: [u8; 32],
    /// Reserve instances in a pool; false makes each on demand, for machines that limit virtual memory.
    pub pooling: bool,
    /// Compiles in a process of its own; in this process when absent, for components that are trusted anyway.
    pub compiler: Option<Compiler>,
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

/// Why a component cannot be used: every problem that could be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" "))]
pub struct LoadError(pub Vec<Problem>);

impl LoadError {
    fn one(code: &'static str, message: &str) -> Self {
        Self(vec![Problem::new(code, message)])
    }
}

/// A component that is ready for calls.
pub struct Component {
    digest: String,
    manifest: Arc<Manifest>,
    ready: ArcSwap<Ready>,
    egress: Arc<Egress>,
    preparations: Preparations,
}

/// Compiled code and what it exports.
pub(crate) struct Ready {
    pub engine: Engine,
    pub pre: InstancePre<HostState>,
    pub meta: meta::GuestIndices,
    pub config: config::GuestIndices,
    pub sms: Option<sms::GuestIndices>,
    pub email: Option<email::GuestIndices>,
    pub social: Option<social::GuestIndices>,
    pub social_tokens: Option<social_tokens::GuestIndices>,
    tier: Tier,
}

impl Component {
    /// SHA-256 of its bytes, in hex: its name.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Forgets the key sets that it has read, for a test that begins anew.
    pub fn forget_key_sets(&self) {
        self.egress.forget_key_sets();
    }

    /// Whether it runs on the optimizing compiler's code yet.
    pub fn is_optimized(&self) -> bool {
        self.ready.load().tier == Tier::Optimized
    }

    pub(crate) fn ready(&self) -> Arc<Ready> {
        self.ready.load_full()
    }

    /// What a configuration means for its calls.
    pub(crate) fn prepare(&self, config: &Value, marks: &Marks) -> Arc<Prepared> {
        self.preparations.get(&self.manifest, config, marks)
    }

    pub(crate) fn egress(&self) -> &Arc<Egress> {
        &self.egress
    }
}

/// One compiler's engine with the host functions.
struct Machine {
    tier: Tier,
    target: Target,
    engine: Engine,
    linker: Linker<HostState>,
    key: String,
}

impl Machine {
    fn new(tier: Tier, settings: &Settings) -> anyhow::Result<Self> {
        let target = Target::new(tier, settings.pooling, &settings.budgets);
        let engine = target.engine()?;
        let mut linker = Linker::new(&engine);
        crate::bindings::Connector::add_to_linker::<HostState, HasSelf<HostState>>(&mut linker, |state| state)?;
        let key = {
            use std::hash::{Hash as _, Hasher as _};
            let mut hasher = std::hash::DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            format!("{:016x}", hasher.finish())
        };
        Ok(Self { tier, target, engine, linker, key })
    }

    fn ready(&self, component: &wasmtime::component::Component) -> wasmtime::Result<Ready> {
        let pre = self.linker.instantiate_pre(component)?;
        Ok(Ready {
            engine: self.engine.clone(),
            meta: meta::GuestIndices::new(&pre)?,
            config: config::GuestIndices::new(&pre)?,
            sms: sms::GuestIndices::new(&pre).ok(),
            email: email::GuestIndices::new(&pre).ok(),
            social: social::GuestIndices::new(&pre).ok(),
            social_tokens: social_tokens::GuestIndices::new(&pre).ok(),
            pre,
            tier: self.tier,
        })
    }
}

/// Runs components under budgets.
pub struct Sandbox {
    optimized: Machine,
    /// Absent where the machine has no such compiler, or nothing compiles apart.
    baseline: Option<Machine>,
    cache: Cache,
    settings: Settings,
    egress: Arc<EgressPolicy>,
    slots: Semaphore,
    cpu_queue: CpuQueue,
    compiling: Semaphore,
    /// For code that is already served in a slower form: nobody waits for it, so that it must not hold up those who wait.
    optimizing: Semaphore,
}

impl Sandbox {
    /// Starts the engines and their ticking clock.
    pub fn new(settings: Settings) -> anyhow::Result<Arc<Self>> {
        let optimized = Machine::new(Tier::Optimized, &settings)?;
        let baseline = settings.compiler.as_ref().and_then(|_| Machine::new(Tier::Baseline, &settings).ok());
        let tickers: Vec<_> =
            [Some(&optimized), baseline.as_ref()].into_iter().flatten().map(|machine| machine.engine.weak()).collect();
        std::thread::Builder::new().name("sandbox-epoch".into()).spawn(move || {
            loop {
                let alive: Vec<Engine> = tickers.iter().filter_map(wasmtime::EngineWeak::upgrade).collect();
                if alive.is_empty() {
                    return;
                }
                alive.iter().for_each(Engine::increment_epoch);
                drop(alive);
                #[expect(clippy::disallowed_methods, reason = "this thread is the tick itself")]
                std::thread::sleep(Budgets::TICK);
            }
        })?;
        Ok(Arc::new(Self {
            optimized,
            baseline,
            cache: Cache::new(&settings.cache, &settings.cache_key)?,
            egress: Arc::new(settings.egress.clone()),
            slots: Semaphore::new(SLOTS as usize),
            cpu_queue: CpuQueue::default(),
            compiling: Semaphore::new(1),
            optimizing: Semaphore::new(1),
            settings,
        }))
    }

    /// SHA-256 of a component's bytes, in hex.
    pub fn digest(wasm: &[u8]) -> String {
        hex::encode(digest::digest(&digest::SHA256, wasm))
    }

    /// Checks a component that nobody vouches for: its bytes, its code, and that it describes itself as its manifest says,
    /// twice the same.
    pub async fn admit(self: &Arc<Self>, wasm: &[u8]) -> Result<Arc<Component>, LoadError> {
        self.admit_checked(wasm.into(), |_| Vec::new()).await
    }

    /// The same, with more checks of the manifest before anything is compiled or run.
    pub async fn admit_checked(
        self: &Arc<Self>,
        wasm: Arc<[u8]>,
        check: fn(&Manifest) -> Vec<Problem>,
    ) -> Result<Arc<Component>, LoadError> {
        let (bytes, budgets) = (Arc::clone(&wasm), self.settings.budgets.clone());
        let inspected = tokio::task::spawn_blocking(move || {
            let inspected = inspect::inspect_within(&bytes, &budgets)?;
            let problems = check(&inspected.manifest);
            if problems.is_empty() { Ok(inspected) } else { Err(problems) }
        })
        .await;
        let inspected = inspected.map_err(|_| LoadError::one("upload.damaged", "The component could not be read."))?;
        let manifest_text = inspected.map_err(LoadError)?.manifest_text;
        let component = self.load_shared(wasm).await?;
        for _ in 0..2 {
            let said = self.describe(&component).await.map_err(|error| {
                LoadError(vec![Problem::new(
                    "upload.describe_failed",
                    format!("Its function describe failed: {error}."),
                )])
            })?;
            if said != manifest_text {
                let message = "Its function describe does not return the manifest of its section keyway:manifest, the same \
                               at every call. Build it with `keyway connector build`.";
                return Err(LoadError::one("upload.describe_differs", message));
            }
        }
        Ok(component)
    }

    /// What a component that has no manifest yet says of itself; the author's build tool writes it into the component.
    pub async fn describe_unsealed(&self, wasm: &[u8]) -> Result<String, LoadError> {
        let failed = |error: &dyn std::fmt::Display| {
            LoadError(vec![Problem::new("upload.describe_failed", format!("Its function describe failed: {error}."))])
        };
        let machine = Machine::new(Tier::Baseline, &self.settings)
            .or_else(|_| Machine::new(Tier::Optimized, &self.settings))
            .map_err(|error| failed(&error))?;
        let compiled = wasmtime::component::Component::from_binary(&machine.engine, wasm);
        let ready = compiled.and_then(|component| machine.ready(&component)).map_err(|error| failed(&error))?;
        let manifest = serde_json::from_value(serde_json::json!({
            "manifest": 1, "id": "unsealed", "target": "unsealed", "kind": "sms", "version": "0.0.0",
            "contract": inspect::CONTRACT, "name": {}, "description": {}, "config": {},
        }));
        let component = self.component(Self::digest(wasm), Arc::new(manifest.map_err(|error| failed(&error))?), ready);
        self.describe(&component).await.map_err(|error| failed(&error))
    }

    /// The component of this digest and manifest, where its optimized code is in the cache. Reads the disk.
    pub fn load_cached(&self, digest: &str, manifest: &Arc<Manifest>) -> Option<Arc<Component>> {
        let ready = self.cached(&self.optimized, digest)?;
        Some(self.component(digest.to_owned(), Arc::clone(manifest), ready))
    }

    /// Name, manifest and, where the cache has it, optimized code.
    async fn look_up(self: &Arc<Self>, wasm: Arc<[u8]>) -> Result<(String, Manifest, Option<Ready>), LoadError> {
        let sandbox = Arc::clone(self);
        let work = tokio::task::spawn_blocking(move || {
            let digest = Self::digest(&wasm);
            let manifest = inspect::manifest(&wasm).map_err(LoadError)?;
            let ready = sandbox.cached(&sandbox.optimized, &digest);
            Ok((digest, manifest, ready))
        });
        work.await.map_err(|_| LoadError::one("upload.damaged", "The component could not be read."))?
    }

    /// Forgets the compiled code of this digest.
    pub fn forget(&self, digest: &str) {
        for machine in [Some(&self.optimized), self.baseline.as_ref()].into_iter().flatten() {
            self.cache.remove(&format!("{digest}-{}", machine.key));
        }
    }

    /// Removes compiled code of digests that `keep` does not hold.
    pub fn keep_only(&self, keep: &std::collections::BTreeSet<String>) {
        self.cache.retain(|name| name.split('-').next().is_some_and(|digest| keep.contains(digest)));
    }

    /// Whether the disk of compiled code has room for what a component of this size becomes.
    pub fn has_room(&self, bytes: usize) -> bool {
        let wanted = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(CODE_PER_BYTE).saturating_add(RESERVE);
        self.cache.free().is_none_or(|free| free >= wanted)
    }

    fn component(&self, digest: String, manifest: Arc<Manifest>, ready: Ready) -> Arc<Component> {
        let policy = Arc::new(self.egress.for_factory(&manifest.id));
        let egress = Egress::new(policy, self.settings.transport.clone());
        Arc::new(Component {
            preparations: Preparations::default(),
            digest,
            manifest,
            ready: ArcSwap::from_pointee(ready),
            egress: Arc::new(egress),
        })
    }

    /// Makes a component ready whose bytes were admitted before: from the cache, or by the fast compiler now and by the
    /// optimizing one afterwards.
    pub async fn load(self: &Arc<Self>, wasm: &[u8]) -> Result<Arc<Component>, LoadError> {
        self.load_shared(wasm.into()).await
    }

    async fn load_shared(self: &Arc<Self>, wasm: Arc<[u8]>) -> Result<Arc<Component>, LoadError> {
        let (digest, manifest, ready) = self.look_up(Arc::clone(&wasm)).await?;
        let (ready, unfinished) = match ready {
            Some(ready) => (ready, false),
            None => match &self.baseline {
                Some(baseline) => (self.compiled(baseline, &digest, &wasm).await?, true),
                None => (self.compiled(&self.optimized, &digest, &wasm).await?, false),
            },
        };
        let component = self.component(digest, Arc::new(manifest), ready);
        if unfinished {
            let (sandbox, target) = (Arc::clone(self), Arc::downgrade(&component));
            tokio::spawn(async move {
                let Some(digest) = target.upgrade().map(|component| component.digest.clone()) else { return };
                match sandbox.compiled_in_turn(&sandbox.optimizing, &sandbox.optimized, &digest, &wasm).await {
                    Ok(ready) => match target.upgrade() {
                        Some(component) => component.ready.store(Arc::new(ready)),
                        None => sandbox.cache.remove(&format!("{digest}-{}", sandbox.optimized.key)),
                    },
                    Err(error) => tracing::warn!(digest, %error, "the component stays on the fast compiler's code"),
                }
            });
        }
        Ok(component)
    }

    /// Ready code of the cache, without anything compiled.
    fn cached(&self, machine: &Machine, digest: &str) -> Option<Ready> {
        let path = self.cache.get(&format!("{digest}-{}", machine.key))?;
        // SAFETY: the file carries this node's MAC, so it is what the compiler wrote below, and its folder is closed to
        // other users.
        #[expect(unsafe_code, reason = "native code that this node made and authenticated")]
        let component = unsafe { wasmtime::component::Component::deserialize_file(&machine.engine, path) };
        component.and_then(|component| machine.ready(&component)).ok()
    }

    async fn compiled(&self, machine: &Machine, digest: &str, wasm: &Arc<[u8]>) -> Result<Ready, LoadError> {
        self.compiled_in_turn(&self.compiling, machine, digest, wasm).await
    }

    async fn compiled_in_turn(
        &self,
        turns: &Semaphore,
        machine: &Machine,
        digest: &str,
        wasm: &Arc<[u8]>,
    ) -> Result<Ready, LoadError> {
        let full = || {
            let message = "The disk is full. Delete modules or versions that are not used.";
            LoadError::one("upload.storage_full", message)
        };
        let failed = || {
            if !self.has_room(0) {
                return full();
            }
            let message = "It could not be compiled within its limits of time and memory.";
            LoadError::one("upload.compile_failed", message)
        };
        if let Some(ready) = self.cached(machine, digest) {
            return Ok(ready);
        }
        let _turn = turns.acquire().await.map_err(|_| failed())?;
        let unwritten = |error: std::io::Error| {
            tracing::error!(%error, "the cache of compiled components cannot be written");
            // A quota ends before the disk does, and what it leaves cannot be asked for.
            match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => full(),
                _ => failed(),
            }
        };
        let name = format!("{digest}-{}", machine.key);
        let mut draft = self.cache.draft(&name).map_err(unwritten)?;
        if let Some(compiler) = &self.settings.compiler {
            let output = draft.file.try_clone().map_err(unwritten)?;
            if !compiler.run(&machine.target, Arc::clone(wasm), output).await {
                // The compiler says only that it failed: writing on tells whether there was no room.
                return Err(draft.file.write_all(&[0; PROBE]).map_or_else(unwritten, |()| failed()));
            }
        } else {
            let (engine, wasm) = (machine.engine.clone(), Arc::clone(wasm));
            let work = tokio::task::spawn_blocking(move || engine.precompile_component(&wasm));
            let code = work.await.map_err(|_| failed())?.map_err(|error| {
                tracing::warn!(%error, "component not compiled");
                failed()
            })?;
            draft.file.write_all(&code).map_err(unwritten)?;
        }
        self.cache.keep(&name, draft).map_err(unwritten)?;
        self.cached(machine, digest).ok_or_else(|| {
            LoadError::one("upload.contract_mismatch", "Its imports or exports differ in type from the contract's.")
        })
    }

    pub(crate) fn budgets(&self) -> &Budgets {
        &self.settings.budgets
    }

    pub(crate) fn slots(&self) -> &Semaphore {
        &self.slots
    }

    pub(crate) fn cpu_queue(&self) -> &CpuQueue {
        &self.cpu_queue
    }

    /// The clock that guests see.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.settings.clock
    }

    pub(crate) fn rng(&self) -> &Arc<dyn Rng> {
        &self.settings.rng
    }
}
