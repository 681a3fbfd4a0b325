//! The sandbox: its engines, its limits, and the cache of compiled code.

use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest;
use keyway_model::{Clock, ErrorCode, Rng};
use tokio::sync::Semaphore;
use wasmtime::Engine;

use crate::budget::Budgets;
use crate::cache::Cache;
use crate::compile::{Compiler, SLOTS, Tier};
use crate::component::TierEngine;
use crate::cpu_queue::CpuQueue;
use crate::egress::{EgressPolicy, Transport};
use crate::inspect::Problem;

/// Bytes of the disk that stay free for the database, so that there is room to delete something.
const RESERVE: u64 = 64 * 1024 * 1024;
/// Bytes of compiled code, of both compilers, that a byte of a component may become.
const CODE_PER_BYTE: u64 = 12;

/// What a sandbox needs to know.
pub struct EngineSettings {
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
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
pub struct LoadError(pub Vec<Problem>);

impl LoadError {
    pub(crate) fn one(code: ErrorCode, message: &str) -> Self {
        Self(vec![Problem::new(code, message)])
    }
}

/// Runs components under budgets.
pub struct Sandbox {
    pub(crate) optimized: TierEngine,
    /// Absent where the machine has no such compiler, or nothing compiles apart.
    pub(crate) baseline: Option<TierEngine>,
    pub(crate) cache: Cache,
    pub(crate) settings: EngineSettings,
    pub(crate) egress: Arc<EgressPolicy>,
    slots: Semaphore,
    cpu_queue: CpuQueue,
    pub(crate) compiling: Semaphore,
    /// For code that is already served in a slower form: nobody waits for it, so that it must not hold up those who wait.
    pub(crate) optimizing: Semaphore,
}

impl Sandbox {
    /// Starts the engines and their ticking clock.
    pub fn new(settings: EngineSettings) -> anyhow::Result<Arc<Self>> {
        let optimized = TierEngine::new(Tier::Optimized, &settings)?;
        let baseline = settings.compiler.as_ref().and_then(|_| TierEngine::new(Tier::Baseline, &settings).ok());
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
