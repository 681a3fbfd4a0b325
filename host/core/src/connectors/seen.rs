//! What is known of calls: totals for metrics, the last lines of each connector's log, and who does not answer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyway_model::{ConnectorId, FactoryId, Timestamp};
use keyway_sandbox::Report;
use serde_json::{Value, json};

use crate::Core;

/// Log entries kept for each connector on this node.
const KEPT: usize = 200;
/// Failures in a row after which a connector is passed over.
const FAILURES: u32 = 5;
/// How long it is passed over.
const PAUSE: i64 = 30;

/// What the calls of one factory with one outcome came to since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallTotals {
    /// How many.
    pub calls: u64,
    /// Requests that they sent.
    pub requests: u64,
    /// Guest code.
    pub cpu: Duration,
    /// Wall-clock time.
    pub wall: Duration,
    /// Bytes of requests and answers.
    pub bytes: u64,
    /// Most memory of any, in bytes.
    pub memory_peak: usize,
}

/// A call or a line of its log, for the admin.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What: a call with its outcome, cost and the provider's details, or a line that the connector wrote.
    pub entry: Value,
}

#[derive(Default)]
struct State {
    totals: BTreeMap<(FactoryId, &'static str), CallTotals>,
    lines: BTreeMap<ConnectorId, VecDeque<Line>>,
    failing: BTreeMap<ConnectorId, (u32, Timestamp)>,
}

/// What this node has seen of calls.
#[derive(Default)]
pub(crate) struct Seen(Mutex<State>);

/// One call.
pub(crate) struct Call<'c> {
    pub connector: Option<&'c ConnectorId>,
    pub factory: &'c FactoryId,
    /// `ok`, `failure` (the connector's own word) or the budget that was breached.
    pub outcome: &'static str,
    /// The provider's words, masked.
    pub details: Value,
    pub report: &'c Report,
}

impl Seen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn count(&self, call: &Call<'_>, now: Timestamp) {
        let report = call.report;
        let mut state = self.state();
        let totals = state.totals.entry((call.factory.clone(), call.outcome)).or_default();
        totals.calls += 1;
        totals.requests += report.exchanges.len() as u64;
        totals.bytes += report.exchanges.iter().map(|one| (one.sent + one.received) as u64).sum::<u64>();
        totals.cpu += report.cpu;
        totals.wall += report.wall;
        totals.memory_peak = totals.memory_peak.max(report.memory);
        let Some(connector) = call.connector else { return };
        let lines = state.lines.entry(connector.clone()).or_default();
        let exchanges: Vec<Value> = report
            .exchanges
            .iter()
            .map(|one| {
                json!({ "host": one.host, "status": one.status, "sent": one.sent, "received": one.received,
                    "ms": u64::try_from(one.time.as_millis()).unwrap_or(u64::MAX) })
            })
            .collect();
        for text in &report.log {
            let (level, message) = text.split_once(' ').unwrap_or(("warn", text));
            lines.push_back(Line { at: now, entry: json!({ "level": level, "message": message }) });
        }
        let milliseconds = u64::try_from(report.wall.as_millis()).unwrap_or(u64::MAX);
        let entry =
            json!({ "outcome": call.outcome, "details": call.details, "ms": milliseconds, "requests": exchanges });
        lines.push_back(Line { at: now, entry });
        while lines.len() > KEPT {
            lines.pop_front();
        }
    }

    /// Notes whether a connector's provider answered.
    pub fn answered(&self, connector: &ConnectorId, answered: bool, now: Timestamp) {
        let mut state = self.state();
        if answered {
            state.failing.remove(connector);
            return;
        }
        let (failures, until) = state.failing.entry(connector.clone()).or_insert((0, now));
        *failures += 1;
        if *failures >= FAILURES {
            *until = now.plus_seconds(PAUSE);
        }
    }

    /// Whether a connector is passed over while others can do its work. After the pause one call may try again.
    pub fn is_paused(&self, connector: &ConnectorId, now: Timestamp) -> bool {
        let state = self.state();
        state.failing.get(connector).is_some_and(|(failures, until)| *failures >= FAILURES && now < *until)
    }
}

impl Core {
    /// Totals of connector calls by factory and outcome.
    pub fn connector_calls(&self) -> Vec<(FactoryId, &'static str, CallTotals)> {
        let state = self.seen.state();
        state.totals.iter().map(|((factory, outcome), totals)| (factory.clone(), *outcome, *totals)).collect()
    }

    /// The last calls and log lines of a connector on this node, newest first.
    pub fn connector_log(&self, connector: &ConnectorId) -> Vec<Line> {
        let state = self.seen.state();
        state.lines.get(connector).into_iter().flatten().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_add_up_by_outcome_and_the_log_keeps_the_last_ones() {
        let seen = Seen::default();
        let (factory, connector) = (FactoryId("a".into()), ConnectorId("c".into()));
        for number in 0..300 {
            let report = Report { memory: number, log: vec![format!("info line {number}")], ..Report::default() };
            let outcome = if number % 3 == 0 { "cpu" } else { "ok" };
            let call =
                Call { connector: Some(&connector), factory: &factory, outcome, details: Value::Null, report: &report };
            seen.count(&call, Timestamp(0));
        }
        let state = seen.state();
        assert_eq!(state.totals[&(factory, "ok")].calls, 200);
        assert_eq!(state.lines[&connector].len(), KEPT);
        assert_eq!(state.lines[&connector].back().unwrap().entry["outcome"], "ok");
    }

    #[test]
    fn a_provider_that_does_not_answer_is_passed_over_for_a_while() {
        let (seen, connector) = (Seen::default(), ConnectorId("c".into()));
        for _ in 0..FAILURES {
            assert!(!seen.is_paused(&connector, Timestamp(0)));
            seen.answered(&connector, false, Timestamp(0));
        }
        assert!(seen.is_paused(&connector, Timestamp(29_999)));
        assert!(!seen.is_paused(&connector, Timestamp(30_000)));
        seen.answered(&connector, true, Timestamp(30_001));
        seen.answered(&connector, false, Timestamp(30_002));
        assert!(!seen.is_paused(&connector, Timestamp(30_003)));
    }
}
