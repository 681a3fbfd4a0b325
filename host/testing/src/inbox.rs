//! The network of a test: messages to the developers' inbox are kept, everything else is unreachable.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keyway_sandbox::{FetchError, Request, Response, Transport};
use serde_json::Value;
use tokio::sync::Notify;

/// A message that went out.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Whom it went to.
    pub to: String,
    /// What for, such as `SignIn`.
    pub usage: String,
    /// What the template is filled with.
    pub payload: Value,
}

impl Received {
    /// The code in it.
    pub fn code(&self) -> &str {
        self.payload.get("code").and_then(Value::as_str).expect("a message with a code")
    }
}

/// The messages that connectors sent.
#[derive(Default)]
pub struct Inbox {
    messages: Mutex<Vec<Received>>,
    arrived: Notify,
    is_down: AtomicBool,
}

impl Inbox {
    /// All messages, oldest first.
    pub fn all(&self) -> Vec<Received> {
        self.messages.lock().unwrap().clone()
    }

    /// How many messages went out.
    pub fn count(&self) -> usize {
        self.messages.lock().unwrap().len()
    }

    /// Waits until so many messages went out: those that tell nobody whether there is an account go out after the answer.
    pub async fn holds(&self, count: usize) {
        self.wait_for(|| (self.count() >= count).then_some(())).await;
    }

    /// The newest message to `to`, once there is one.
    pub async fn awaited(&self, to: &str) -> Received {
        self.wait_for(|| self.last(to)).await
    }

    async fn wait_for<T>(&self, found: impl Fn() -> Option<T>) -> T {
        let found = async {
            loop {
                let next = self.arrived.notified();
                if let Some(found) = found() {
                    return found;
                }
                next.await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), found).await.expect("a message that never went out")
    }

    /// The newest message to `to`.
    pub fn last(&self, to: &str) -> Option<Received> {
        self.messages.lock().unwrap().iter().rev().find(|message| message.to == to).cloned()
    }

    /// Forgets what arrived so far.
    pub fn clear(&self) {
        self.messages.lock().unwrap().clear();
    }

    /// Whether the provider is out of reach.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Transport for Inbox {
    async fn carry(&self, request: Request) -> Result<Response, FetchError> {
        if self.is_down.load(Ordering::SeqCst) || !request.url.starts_with("https://inbox.keyway.internal/") {
            return Err(FetchError::Unreachable);
        }
        let body: Value = serde_json::from_slice(&request.body.unwrap_or_default()).unwrap();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let payload = body.get("payload").cloned().unwrap_or_default();
        self.messages.lock().unwrap().push(Received { to: text("to"), usage: text("usage"), payload });
        self.arrived.notify_waiters();
        Ok(Response { status: 204, headers: Vec::new(), body: Vec::new() })
    }
}
