//! What this node knows of calls: totals for metrics, the last lines of each connector's log, and which provider does not answer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyway_model::{ConnectorId, FactoryId, TenantId, Timestamp};
use keyway_sandbox::{CallError, HttpExchange, Report};
use serde_json::{Value, json};

use super::{Factory, WrittenLine};
use crate::{Core, Cx};

/// Largest result of a call that its log shows, in bytes.
const MAX_DETAILS: usize = 4 * 1024;

/// Log entries kept for each connector on this node.
const MAX_LINES: usize = 200;
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

/// A line of a connector's log.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectorLogLine {
    /// When.
    pub at: Timestamp,
    /// What.
    pub content: LogContent,
}

/// What a connector's log tells.
#[derive(Debug, Clone, PartialEq)]
pub enum LogContent {
    /// What the connector wrote.
    Written(WrittenLine),
    /// How a call went.
    Call(CallEntry),
}

/// How a call went.
#[derive(Debug, Clone, PartialEq)]
pub struct CallEntry {
    /// [`OK`], `failure` (the connector's own word) or the budget that was breached.
    pub outcome: &'static str,
    /// The provider's words, masked.
    pub details: Value,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// The requests that it sent.
    pub requests: Vec<HttpExchange>,
}

/// The outcome of a call that brought a result.
pub const OK: &str = "ok";

/// A time in whole milliseconds.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Connectors by tenant: an administrator chooses ids.
type ConnectorKey = (TenantId, ConnectorId);

#[derive(Default)]
struct State {
    totals: BTreeMap<(FactoryId, &'static str), CallTotals>,
    lines: BTreeMap<ConnectorKey, VecDeque<ConnectorLogLine>>,
    failing: BTreeMap<ConnectorKey, (u32, Timestamp)>,
}

/// What this node knows of calls.
#[derive(Default)]
pub(crate) struct Calls(Mutex<State>);

impl Calls {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the calls of connectors whose tenants are not there.
    pub fn keep(&self, is_there: impl Fn(&TenantId) -> bool) {
        let mut state = self.state();
        state.lines.retain(|(owner, _), _| is_there(owner));
        state.failing.retain(|(owner, _), _| is_there(owner));
    }

    fn count(&self, factory: &FactoryId, outcome: &'static str, report: &Report) {
        let mut state = self.state();
        let totals = state.totals.entry((factory.clone(), outcome)).or_default();
        totals.calls += 1;
        totals.requests += report.exchanges.len() as u64;
        totals.bytes += report.exchanges.iter().map(|one| (one.sent + one.received) as u64).sum::<u64>();
        totals.cpu += report.cpu;
        totals.wall += report.wall;
        totals.memory_peak = totals.memory_peak.max(report.memory);
    }

    fn log(&self, connector: ConnectorKey, call: CallEntry, report: &Report, at: Timestamp) {
        let mut state = self.state();
        let lines = state.lines.entry(connector).or_default();
        for line in &report.log {
            lines.push_back(ConnectorLogLine { at, content: LogContent::Written(line.clone()) });
        }
        lines.push_back(ConnectorLogLine { at, content: LogContent::Call(call) });
        while lines.len() > MAX_LINES {
            lines.pop_front();
        }
    }

    /// Notes whether a connector's provider answered.
    pub fn answered(&self, tenant: &TenantId, connector: &ConnectorId, answered: bool, now: Timestamp) {
        let key = (tenant.clone(), connector.clone());
        let mut state = self.state();
        if answered {
            state.failing.remove(&key);
            return;
        }
        let (failures, until) = state.failing.entry(key).or_insert((0, now));
        *failures += 1;
        if *failures >= FAILURES {
            *until = now.plus_seconds(PAUSE);
        }
    }

    /// Whether a connector is passed over while others can do its work. After the pause one call may try again.
    pub fn is_paused(&self, tenant: &TenantId, connector: &ConnectorId, now: Timestamp) -> bool {
        let key = (tenant.clone(), connector.clone());
        let state = self.state();
        state.failing.get(&key).is_some_and(|(failures, until)| *failures >= FAILURES && now < *until)
    }
}

/// Counts a call, and writes it and the lines of its log into the server's log and, where it was one's, into the connector's.
pub(super) fn note(
    cx: &Cx,
    connector: Option<&ConnectorId>,
    factory: &Factory,
    result: &Result<String, CallError>,
    report: &Report,
) {
    let id = &factory.manifest.id;
    let (outcome, details) = match result {
        Ok(text) if factory.manifest.kind.signs_in() => (OK, json!({ "bytes": text.len() })),
        Ok(text) if text.len() > MAX_DETAILS => (OK, json!({ "bytes": text.len() })),
        Ok(text) => (OK, serde_json::from_str(text).unwrap_or_default()),
        Err(CallError::Failure(failure)) => ("failure", json!({ "code": failure.code, "message": failure.message })),
        Err(error) => (error.outcome(), Value::Null),
    };
    for line in &report.log {
        tracing::info!(connector = %id, "{line}");
    }
    if result.is_ok() {
        tracing::info!(connector = %id, %details, "connector call");
    } else {
        tracing::warn!(connector = %id, outcome, %details, "connector call failed");
    }
    let calls = &cx.core().calls;
    calls.count(id, outcome, report);
    if let Some(connector) = connector {
        let requests = report.exchanges.clone();
        let call = CallEntry { outcome, details, milliseconds: milliseconds(report.wall), requests };
        calls.log((cx.tenant.clone(), connector.clone()), call, report, cx.core().now());
    }
}

/// Totals of calls by factory and outcome, over all tenants.
pub fn call_totals(core: &Core) -> Vec<(FactoryId, &'static str, CallTotals)> {
    let state = core.calls.state();
    state.totals.iter().map(|((factory, outcome), totals)| (factory.clone(), *outcome, *totals)).collect()
}

/// The last calls and log lines of a connector on this node, newest first.
pub fn log(cx: &Cx, connector: &ConnectorId) -> Vec<ConnectorLogLine> {
    let state = cx.core().calls.state();
    state.lines.get(&(cx.tenant.clone(), connector.clone())).into_iter().flatten().rev().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::LogLevel;

    #[test]
    fn calls_add_up_by_outcome_and_the_log_keeps_the_last_ones() {
        let calls = Calls::default();
        let (factory, key) = (FactoryId("a".into()), (TenantId::default_tenant(), ConnectorId("c".into())));
        for number in 0..300 {
            let line = WrittenLine { level: LogLevel::Info, text: format!("line {number}") };
            let report = Report { memory: number, log: vec![line], ..Report::default() };
            let outcome = if number % 3 == 0 { "cpu" } else { OK };
            calls.count(&factory, outcome, &report);
            let call = CallEntry { outcome, details: Value::Null, milliseconds: 0, requests: Vec::new() };
            calls.log(key.clone(), call, &report, Timestamp(0));
        }
        let state = calls.state();
        assert_eq!(state.totals[&(factory, OK)].calls, 200);
        assert_eq!(state.lines[&key].len(), MAX_LINES);
        let LogContent::Call(last) = &state.lines[&key].back().unwrap().content else { unreachable!() };
        assert_eq!(last.outcome, OK);
        let others = (TenantId("other".into()), key.1);
        assert_eq!(state.lines.get(&others), None, "another tenant's connector may have the same id");
    }

    #[test]
    fn a_provider_that_does_not_answer_is_passed_over_for_a_while() {
        let (calls, tenant, connector) = (Calls::default(), TenantId::default_tenant(), ConnectorId("c".into()));
        let is_paused = |at| calls.is_paused(&tenant, &connector, Timestamp(at));
        for _ in 0..FAILURES {
            assert!(!is_paused(0));
            calls.answered(&tenant, &connector, false, Timestamp(0));
        }
        assert!(is_paused(29_999));
        assert!(!calls.is_paused(&TenantId("other".into()), &connector, Timestamp(29_999)));
        assert!(!is_paused(30_000));
        calls.answered(&tenant, &connector, true, Timestamp(30_001));
        calls.answered(&tenant, &connector, false, Timestamp(30_002));
        assert!(!is_paused(30_003));
    }
}
