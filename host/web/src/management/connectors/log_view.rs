//! A line of a connector's log.

use keyway_core::connectors::{CallEntry, ConnectorLogLine, LogContent, milliseconds};
use keyway_model::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A line of a connector's log.
#[derive(Serialize, ToSchema)]
pub struct LogLineView {
    #[serde(flatten)]
    content: LogContentView,
    /// In milliseconds.
    #[schema(value_type = i64)]
    at: Timestamp,
}

/// A call, or what the connector wrote.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum LogContentView {
    Call {
        /// `ok`, `failure` or the budget that was breached.
        outcome: &'static str,
        #[serde(flatten)]
        call: CallView,
    },
    Message(MessageView),
}

/// What a call came to.
#[derive(Serialize, ToSchema)]
pub struct CallView {
    /// The provider's words.
    details: Value,
    ms: u64,
    requests: Vec<RequestView>,
}

/// A request that a call sent.
#[derive(Serialize, ToSchema)]
struct RequestView {
    host: String,
    status: Option<u16>,
    /// In bytes.
    sent: usize,
    /// In bytes.
    received: usize,
    ms: u64,
}

/// What a connector wrote.
#[derive(Serialize, ToSchema)]
pub struct MessageView {
    /// `debug`, `info`, `warn` or `error`.
    level: &'static str,
    message: String,
}

impl From<ConnectorLogLine> for LogLineView {
    fn from(line: ConnectorLogLine) -> Self {
        Self { content: line.content.into(), at: line.at }
    }
}

impl From<LogContent> for LogContentView {
    fn from(content: LogContent) -> Self {
        match content {
            LogContent::Call(CallEntry { outcome, details, milliseconds: ms, requests }) => {
                let requests = requests.into_iter().map(|one| RequestView {
                    host: one.host,
                    status: one.status,
                    sent: one.sent,
                    received: one.received,
                    ms: milliseconds(one.time),
                });
                Self::Call { outcome, call: CallView { details, ms, requests: requests.collect() } }
            }
            LogContent::Written(line) => Self::Message(MessageView { level: line.level.as_str(), message: line.text }),
        }
    }
}
