//! Budgets of a call, each a number with a default.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What one call may use. A breach ends the call with a typed error. Read from settings, times are in milliseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budgets {
    /// From start to answer, waiting for the provider included.
    #[serde(rename = "wall_ms", with = "milliseconds")]
    pub wall: Duration,
    /// Guest code alone, in steps of [`Budgets::TICK`].
    #[serde(rename = "cpu_ms", with = "milliseconds")]
    pub cpu: Duration,
    /// Linear memory in bytes.
    pub memory: usize,
    /// Elements of each table.
    pub table_elements: usize,
    /// Requests to the outside.
    pub fetches: u32,
    /// Calls of host functions of any kind.
    pub host_calls: u32,
    /// One request's body in bytes.
    pub request_bytes: usize,
    /// One answer's body in bytes.
    pub response_bytes: usize,
    /// Time for one request, answer included.
    #[serde(rename = "fetch_ms", with = "milliseconds")]
    pub fetch: Duration,
    /// The call's own result in bytes.
    pub result_bytes: usize,
    /// Log lines kept.
    pub log_lines: usize,
    /// Log bytes kept.
    pub log_bytes: usize,
}

impl Budgets {
    /// Resolution of the CPU budget.
    pub const TICK: Duration = Duration::from_millis(5);

    /// For `describe` and `validate`: no request can be made, so little time is needed.
    #[must_use]
    pub fn offline(&self) -> Self {
        Self { wall: Duration::from_secs(2), fetches: 0, ..self.clone() }
    }
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(15),
            cpu: Duration::from_millis(100),
            memory: 64 * 1024 * 1024,
            table_elements: 20_000,
            fetches: 8,
            host_calls: 1_000,
            request_bytes: 1024 * 1024,
            response_bytes: 4 * 1024 * 1024,
            fetch: Duration::from_secs(10),
            result_bytes: 256 * 1024,
            log_lines: 50,
            log_bytes: 16 * 1024,
        }
    }
}

mod milliseconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
