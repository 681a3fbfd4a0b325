//! What comes out of a call: its result, and what it cost, said and kept.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use keyway_model::connector_failure::FailureKind;

use super::CacheEntry;

/// A request of a call: where it went and what came of it, without address or content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpExchange {
    /// Host.
    pub host: String,
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// Bytes of the request's body.
    pub sent: usize,
    /// Bytes of the answer's body.
    pub received: usize,
    /// From request to answer.
    pub time: Duration,
}

/// What a connector itself reports as gone wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Error code in kebab-case.
    pub code: String,
    /// The provider's words.
    pub message: String,
    /// JSON object with the provider's details.
    pub data: Option<String>,
    /// After how many milliseconds a retry may work.
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// What its code means.
    pub fn kind(&self) -> FailureKind {
        FailureKind::from_code(&self.code)
    }
}

/// Why a call brought no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The connector reported a failure.
    #[error("the connector failed: {}: {}", .0.code, .0.message)]
    Failure(Failure),
    /// Guest code ran longer than its CPU budget.
    #[error("the connector used more than its CPU time")]
    Cpu,
    /// The call took longer than its wall-clock budget.
    #[error("the connector did not finish in time")]
    Wall,
    /// The guest asked for more memory than its budget.
    #[error("the connector used more than its memory")]
    Memory,
    /// The guest called the host too often.
    #[error("the connector called the host too often")]
    HostCalls,
    /// The guest passed more data than its budgets allow, as a result or to the host.
    #[error("the connector passed more data than allowed")]
    TooLarge,
    /// The guest crashed.
    #[error("the connector crashed")]
    Trap,
    /// The guest returned something that is not what the contract says.
    #[error("the connector returned something that is not a JSON object")]
    Malformed,
    /// The component has no function for this call.
    #[error("the connector cannot do this")]
    Missing,
    /// No instance could be made.
    #[error("the sandbox is full or the connector does not fit")]
    Instantiate,
}

impl CallError {
    /// The outcome in one word, for metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Failure(_) => "failure",
            Self::Cpu => "cpu",
            Self::Wall => "wall",
            Self::Memory => "memory",
            Self::HostCalls => "host_calls",
            Self::TooLarge => "too_large",
            Self::Trap => "trap",
            Self::Malformed => "malformed",
            Self::Missing => "missing",
            Self::Instantiate => "instantiate",
        }
    }
}

/// How much a line that a guest wrote matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// For its author.
    Debug,
    /// As it should be.
    Info,
    /// Odd.
    Warn,
    /// Wrong.
    Error,
}

impl LogLevel {
    /// The level in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A line that a guest wrote, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub text: String,
}

impl WrittenLine {
    /// What stands in place of lines that were over the budget.
    pub fn truncated() -> Self {
        Self { level: LogLevel::Warn, text: "truncated".to_owned() }
    }
}

impl fmt::Display for WrittenLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level.as_str(), self.text)
    }
}

/// What a call cost, said and kept.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Wall-clock time.
    pub wall: Duration,
    /// Guest code, in steps of the budget's tick.
    pub cpu: Duration,
    /// Most linear memory, in bytes.
    pub memory: usize,
    /// Calls of host functions.
    pub host_calls: u32,
    /// Requests sent.
    pub exchanges: Vec<HttpExchange>,
    /// What the guest wrote.
    pub log: Vec<WrittenLine>,
    /// What to keep in the cache; none removes.
    pub cache: BTreeMap<String, Option<CacheEntry>>,
    /// The session, where the call changed it.
    pub session: Option<BTreeMap<String, String>>,
}

/// A call's result and what it cost.
pub type CallOutcome = (Result<String, CallError>, Report);
