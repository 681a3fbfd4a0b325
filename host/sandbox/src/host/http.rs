//! Outgoing HTTP through the egress guard.

use std::sync::Arc;
use std::time::Instant;

use super::HostState;
use crate::call::HttpExchange;
use crate::contract::v1_0::bindings::keyway::host::http;
use crate::egress::{Denied, FetchError, Request, Response};

impl HostState {
    /// Sends a request within the call's budgets and notes what came of it.
    pub(super) async fn exchange(&mut self, request: Request) -> Result<Response, FetchError> {
        self.turn.end();
        self.fetches += 1;
        if self.fetches > self.budgets.fetches {
            return Err(FetchError::Denied(Denied::Policy("too many requests in one call".into())));
        }
        let sent = request.body.as_ref().map_or(0, Vec::len);
        if sent > self.budgets.request_bytes {
            return Err(FetchError::TooLarge);
        }
        let started = Instant::now();
        let left = self.deadline.saturating_duration_since(started);
        let host = url::Url::parse(&request.url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
        let (egress, hosts) = (Arc::clone(&self.egress), Arc::clone(&self.hosts));
        let answer = egress.fetch(request, &hosts, self.budgets.response_bytes, left.min(self.budgets.fetch)).await;
        self.exchanges.push(HttpExchange {
            host: host.unwrap_or_default(),
            status: answer.as_ref().ok().map(|answer| answer.status),
            sent,
            received: answer.as_ref().map_or(0, |answer| answer.body.len()),
            time: started.elapsed(),
        });
        answer
    }
}

impl http::Host for HostState {
    async fn fetch(&mut self, request: http::Request) -> wasmtime::Result<Result<http::Response, http::Error>> {
        self.count()?;
        let request =
            Request { method: request.method, url: request.url, headers: request.headers, body: request.body };
        Ok(match self.exchange(request).await {
            Ok(response) => {
                Ok(http::Response { status: response.status, headers: response.headers, body: response.body })
            }
            Err(FetchError::Denied(Denied::Policy(what))) => Err(http::Error::Denied(what)),
            Err(FetchError::Denied(Denied::Invalid(what))) => Err(http::Error::Invalid(what)),
            Err(FetchError::Timeout) => Err(http::Error::Timeout),
            Err(FetchError::Unreachable) => Err(http::Error::Unreachable),
            Err(FetchError::TooLarge) => Err(http::Error::TooLarge),
        })
    }
}
