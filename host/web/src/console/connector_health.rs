//! How the last calls of a connector on this node went: figures, a chart of their times, and what each said.

use keyway_core::connectors::{CallEntry, ConnectorLogLine, LogContent, OK};

use keyway_model::Timestamp;

use super::page::moment;
use crate::management::LogContentView;

/// Calls in the chart.
const CHARTED: usize = 60;

/// Calls and lines in the list.
const LISTED: usize = 20;

/// Height of the chart, in its own units.
const HEIGHT: u64 = 40;

/// A recent call or a line of the log.
pub struct Call {
    /// When.
    pub at: String,
    /// How it went; empty for a line that the connector wrote.
    pub outcome: String,
    /// What was said.
    pub text: String,
}

/// A call in the chart.
pub struct Bar {
    /// From the left.
    pub x: usize,
    /// From the top.
    pub y: u64,
    /// As high as the call was long.
    pub height: u64,
    /// Whether it failed.
    pub failed: bool,
    /// When, how and how long.
    pub title: String,
}

/// How the last calls went.
#[derive(Default)]
pub struct Health {
    /// Newest first.
    pub calls: Vec<Call>,
    /// Oldest first.
    pub bars: Vec<Bar>,
    /// Per cent of the charted calls.
    pub failed: usize,
    /// The middle one of their times, in milliseconds.
    pub median: u64,
    /// The longest but one in twenty, in milliseconds.
    pub slowest: u64,
}

impl Health {
    /// From the log of a connector, newest first.
    pub fn new(log: &[ConnectorLogLine]) -> Self {
        let calls = log.iter().filter_map(|line| match &line.content {
            LogContent::Call(call) => Some((line.at, call)),
            LogContent::Written(_) => None,
        });
        let mut charted: Vec<_> = calls.take(CHARTED).collect();
        charted.reverse();
        let longest = charted.iter().map(|(_, call)| call.milliseconds).max().unwrap_or_default().max(1);
        let bar = |(place, (at, call)): (usize, &(Timestamp, &CallEntry))| {
            let height = (HEIGHT * call.milliseconds / longest).max(2);
            let title = format!("{} · {} · {} ms", moment(*at), call.outcome, call.milliseconds);
            Bar { x: place * 6, y: HEIGHT - height, height, failed: call.outcome != OK, title }
        };
        let bars: Vec<Bar> = charted.iter().enumerate().map(bar).collect();
        let mut times: Vec<u64> = charted.iter().map(|(_, call)| call.milliseconds).collect();
        times.sort_unstable();
        let at =
            |per_cent: usize| times.get(times.len().saturating_sub(1) * per_cent / 100).copied().unwrap_or_default();
        let failed = bars.iter().filter(|bar| bar.failed).count() * 100;
        Self {
            calls: log.iter().take(LISTED).map(call).collect(),
            failed: failed.checked_div(bars.len()).unwrap_or_default(),
            median: at(50),
            slowest: at(95),
            bars,
        }
    }

    /// Width of the chart, in its own units.
    pub fn width(&self) -> usize {
        self.bars.len() * 6
    }
}

fn call(line: &ConnectorLogLine) -> Call {
    let (outcome, text) = match LogContentView::from(line.content.clone()) {
        LogContentView::Call { outcome, call } => (outcome, serde_json::to_string(&call)),
        LogContentView::Message(message) => ("", serde_json::to_string(&message)),
    };
    Call { at: moment(line.at), outcome: outcome.to_owned(), text: text.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use keyway_core::connectors::{LogLevel, WrittenLine};

    use super::*;

    #[test]
    fn figures_are_those_of_calls_and_not_of_log_lines() {
        let line = |content| ConnectorLogLine { at: Timestamp(0), content };
        let call = |outcome, milliseconds| {
            let (details, requests) = (serde_json::Value::Null, Vec::new());
            line(LogContent::Call(CallEntry { outcome, details, milliseconds, requests }))
        };
        let written = line(LogContent::Written(WrittenLine { level: LogLevel::Info, text: "x".into() }));
        let log = [call("failure", 100), written, call(OK, 10), call(OK, 20), call(OK, 30)];
        let health = Health::new(&log);
        assert_eq!((health.failed, health.median, health.slowest, health.calls.len()), (25, 20, 30, 5));
        let bars: Vec<_> = health.bars.iter().map(|bar| (bar.x, bar.height, bar.failed)).collect();
        assert_eq!(bars, [(0, 12, false), (6, 8, false), (12, 4, false), (18, 40, true)]);
        assert_eq!(Health::new(&[]).width(), 0);
    }
}
