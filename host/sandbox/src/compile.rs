//! Compilation in a process of its own: a compiler cannot be interrupted and its memory is not ours to bound, but a process
//! can be killed and limited.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

use crate::budget::Budgets;

/// Calls that may be under way at once.
pub const SLOTS: u32 = 256;

/// Wall-clock time of one compilation.
const TIME: Duration = Duration::from_mins(1);

/// Memory that a compilation may take beyond what its engine takes at the start.
const MEMORY: u64 = 2 * 1024 * 1024 * 1024;

/// Bytes that a compilation may write.
const OUTPUT: u64 = 512 * 1024 * 1024;

/// Which compiler made the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// Linear time: ready at once.
    Baseline,
    /// Slower to make, faster to run.
    Optimized,
}

/// All that decides what code the compiler makes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompileTarget {
    tier: Tier,
    pooling: bool,
    memory: usize,
    table_elements: usize,
    slots: u32,
}

impl CompileTarget {
    /// The code for instances under these budgets.
    pub fn new(tier: Tier, pooling: bool, budgets: &Budgets) -> Self {
        // Few calls ever run on the baseline's code, so that nothing is reserved for them.
        let pooling = pooling && tier == Tier::Optimized;
        Self { tier, pooling, memory: budgets.memory, table_elements: budgets.table_elements, slots: SLOTS }
    }

    /// The engine that makes and runs it.
    pub fn engine(&self) -> wasmtime::Result<Engine> {
        let mut config = Config::new();
        config
            .strategy(if self.tier == Tier::Baseline { Strategy::Winch } else { Strategy::Cranelift })
            .epoch_interruption(true)
            .concurrency_support(false)
            .memory_init_cow(true)
            .wasm_backtrace_max_frames(None)
            // Guests' traces are not shown to anyone: without the tables for them there is half as much to authenticate and load.
            .generate_address_map(false)
            .native_unwind_info(false)
            .max_wasm_stack(256 * 1024)
            .async_stack_size(1024 * 1024)
            .wasm_multi_memory(true)
            .wasm_memory64(false)
            .wasm_tail_call(false);
        if self.pooling {
            let mut pool = PoolingAllocationConfig::new();
            pool.total_component_instances(self.slots)
                .total_core_instances(self.slots * 4)
                .total_memories(self.slots * 2)
                .total_tables(self.slots * 4)
                .total_stacks(self.slots)
                .max_core_instances_per_component(200)
                .max_memories_per_component(8)
                .max_tables_per_component(64)
                .max_memory_size(self.memory)
                .table_elements(self.table_elements)
                .max_unused_warm_slots(8)
                .pagemap_scan(Enabled::Auto)
                .linear_memory_keep_resident(1024 * 1024)
                // Giving a table's page back to the system interrupts the other cores, at every call.
                .table_keep_resident(256 * 1024)
                .async_stack_keep_resident(128 * 1024);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        Engine::new(&config)
    }
}

/// The program that compiles: called with a [`CompileTarget`] as JSON, it reads a component and writes its code.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// Path of the program.
    pub program: PathBuf,
    /// Arguments before the target.
    pub arguments: Vec<String>,
}

impl Compiler {
    /// Compiles in a child process, which writes the code to `output`; false when it fails, takes too long or too much.
    pub async fn run(&self, target: &CompileTarget, wasm: Arc<[u8]>, output: std::fs::File) -> bool {
        self.compiled(target, wasm, output).await.is_some_and(|status| status.success())
    }

    async fn compiled(&self, target: &CompileTarget, wasm: Arc<[u8]>, output: std::fs::File) -> Option<ExitStatus> {
        let target = CompileTarget { slots: 8, ..target.clone() };
        let mut child = tokio::process::Command::new(&self.program)
            .args(&self.arguments)
            .arg(serde_json::to_string(&target).ok()?)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .inspect_err(|error| tracing::error!(%error, "the compiler could not be started"))
            .ok()?;
        let mut input = child.stdin.take()?;
        let feed = tokio::spawn(async move {
            let _ = input.write_all(&wasm).await;
        });
        let status = tokio::time::timeout(TIME, child.wait()).await.ok()?.ok()?;
        let _ = feed.await;
        Some(status)
    }
}

/// The child's side: limits itself, reads the component from `input` and writes its code to `output`.
pub fn compile(target: &str, mut input: impl std::io::Read, mut output: impl std::io::Write) -> anyhow::Result<()> {
    let target: CompileTarget = serde_json::from_str(target)?;
    let engine = target.engine()?;
    let _ = rustix::process::nice(10);
    limit(Resource::Cpu, TIME.as_secs())?;
    if let Some(taken) = address_space() {
        limit(Resource::As, taken + MEMORY)?;
    }
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, OUTPUT)?;
    confine()?;
    let mut wasm = Vec::new();
    input.by_ref().take(64 * 1024 * 1024).read_to_end(&mut wasm)?;
    output.write_all(&engine.precompile_component(&wasm)?)?;
    Ok(())
}

/// A flaw in a compiler runs as this process: it can open no file, connect nowhere and gain no privileges, as far as the kernel has
/// Landlock. Its input and output are open already.
fn confine() -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use landlock::{ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _};
        // The newest rules that the kernel knows are taken of these; `restrict_self` sets no_new_privs as well.
        let rules = Ruleset::default().handle_access(AccessFs::from_all(ABI::V5))?;
        let rules = rules.handle_access(AccessNet::from_all(ABI::V5))?;
        rules.create()?.restrict_self()?;
    }
    Ok(())
}

fn limit(resource: Resource, most: u64) -> std::io::Result<()> {
    Ok(rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// Bytes of address space that this process has reserved (`proc_pid_statm(5)`).
fn address_space() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}
