//! What a guest may call. Each call is counted; the state of a call ends with it.

mod cache;
mod crypto;
mod http;
mod jwt;
mod session;
mod smtp;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use keyway_model::text::is_deceptive;
use keyway_model::{Clock, Rng};
use wasmtime::ResourceLimiter;

use crate::budget::Budgets;
use crate::call::{CacheEntry, HttpExchange, LogLevel, WrittenLine};
use crate::contract::v1_0::bindings::keyway::connector::types;
use crate::contract::v1_0::bindings::keyway::host::{clock, log, random};
use crate::cpu_queue::CpuTurn;
use crate::egress::Egress;
use crate::redact::Redactor;

pub use crypto::KEY_REFERENCE;

/// Random bytes of one call of `random.bytes`.
const MAX_RANDOM: u32 = 4096;

/// The state of one call.
pub struct HostState {
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub egress: Arc<Egress>,
    pub hosts: Arc<[String]>,
    pub keys: Arc<BTreeMap<String, String>>,
    pub cache: BTreeMap<String, CacheEntry>,
    pub cache_changes: BTreeMap<String, Option<CacheEntry>>,
    pub session: BTreeMap<String, String>,
    pub session_changed: bool,
    pub budgets: Budgets,
    pub redactor: Redactor,
    pub deadline: Instant,
    pub host_calls: u32,
    pub fetches: u32,
    pub exchanges: Vec<HttpExchange>,
    pub log: Vec<WrittenLine>,
    pub log_bytes: usize,
    pub cpu_ticks: u64,
    pub turn: CpuTurn,
    pub breach: Option<Breach>,
    pub memory_peak: usize,
}

/// Which budget a guest went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    Cpu,
    Memory,
    HostCalls,
    /// More random bytes at once than the contract says.
    Random,
}

impl HostState {
    fn count(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > self.budgets.host_calls {
            self.breach = Some(Breach::HostCalls);
            return Err(wasmtime::Error::msg("host call budget"));
        }
        Ok(())
    }
}

impl ResourceLimiter for HostState {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.budgets.memory {
            self.breach = Some(Breach::Memory);
            return Ok(false);
        }
        self.memory_peak = self.memory_peak.max(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.budgets.table_elements)
    }
}

impl types::Host for HostState {}

impl log::Host for HostState {
    async fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.count()?;
        if self.log.len() < self.budgets.log_lines && self.log_bytes + message.len() <= self.budgets.log_bytes {
            self.log_bytes += message.len();
            let level = match level {
                log::Level::Debug => LogLevel::Debug,
                log::Level::Info => LogLevel::Info,
                log::Level::Warn => LogLevel::Warn,
                log::Level::Error => LogLevel::Error,
            };
            let masked = self.redactor.apply(&message);
            let text = masked.chars().map(|c| if is_deceptive(c) { ' ' } else { c }).collect();
            self.log.push(WrittenLine { level, text });
        } else if self.log.last() != Some(&WrittenLine::truncated()) {
            self.log.push(WrittenLine::truncated());
        }
        Ok(())
    }
}

impl clock::Host for HostState {
    async fn now_ms(&mut self) -> wasmtime::Result<u64> {
        self.count()?;
        Ok(u64::try_from(self.clock.now().0).unwrap_or(0))
    }
}

impl random::Host for HostState {
    async fn bytes(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        self.count()?;
        // Fewer bytes than were asked for would be a weaker key in the guest's hands.
        if len > MAX_RANDOM {
            self.breach = Some(Breach::Random);
            return Err(wasmtime::Error::msg("random.bytes gives 4096 bytes at most"));
        }
        let mut bytes = vec![0; usize::try_from(len)?];
        self.rng.fill(&mut bytes);
        Ok(bytes)
    }

    async fn uuid(&mut self) -> wasmtime::Result<String> {
        self.count()?;
        let mut bytes = [0_u8; 16];
        self.rng.fill(&mut bytes);
        // RFC 9562 section 5.4: version 4 and the variant are fixed bits.
        let value = (u128::from_be_bytes(bytes) & !(0xf000 << 64) & !(0xc000 << 48)) | (0x4000 << 64) | (0x8000 << 48);
        let text = format!("{value:032x}");
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
        Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
    }
}
