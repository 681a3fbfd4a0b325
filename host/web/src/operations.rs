//! What operators watch: health, readiness and metrics.

use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use keyway_core::Core;
use keyway_core::connectors::{call_totals, factories};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;

use crate::Web;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    tenant: String,
    method: String,
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    connector: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Held {
    rule: &'static str,
    outcome: &'static str,
}

/// Connector calls by outcome: `ok`, `failure` or the budget that was breached.
#[derive(Clone, Default)]
struct ConnectorMetrics {
    calls: Family<Called, Counter>,
    requests: Family<Called, Counter>,
    cpu_milliseconds: Family<Called, Counter>,
    wall_milliseconds: Family<Called, Counter>,
    bytes: Family<Called, Counter>,
    memory_peak_bytes: Family<Called, Counter>,
    skew: Gauge,
}

impl ConnectorMetrics {
    fn register(&self, registry: &mut Registry) {
        for (name, help, family) in [
            ("connector_calls", "Connector calls by outcome", &self.calls),
            ("connector_requests", "Requests that connectors sent", &self.requests),
            ("connector_cpu_milliseconds", "Computing of connectors", &self.cpu_milliseconds),
            ("connector_wall_milliseconds", "Time of connector calls", &self.wall_milliseconds),
            ("connector_bytes", "Bytes of requests and answers", &self.bytes),
            ("connector_memory_peak_bytes", "Most memory of any call", &self.memory_peak_bytes),
        ] {
            registry.register(name, help, family.clone());
        }
        registry.register("connector_version_skew", "Active versions that this node cannot load", self.skew.clone());
    }

    fn read(&self, core: &Core) {
        self.skew.set(i64::try_from(factories::skew_of_all(core)).unwrap_or(i64::MAX));
        let number = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
        for (factory, outcome, totals) in call_totals(core) {
            let label = Called { connector: factory.0, outcome };
            for (family, value) in [
                (&self.calls, totals.calls),
                (&self.requests, totals.requests),
                (&self.cpu_milliseconds, number(totals.cpu.as_millis())),
                (&self.wall_milliseconds, number(totals.wall.as_millis())),
                (&self.bytes, totals.bytes),
                (&self.memory_peak_bytes, number(totals.memory_peak as u128)),
            ] {
                family.get_or_create(&label).inner().store(value, Ordering::Relaxed);
            }
        }
    }
}

/// Counts and times of requests; labels hold routes, never addresses of users.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Answered, Counter>,
    seconds: Family<Route, Histogram>,
    transactions: Counter,
    statements: Counter,
    connectors: ConnectorMetrics,
    held_back: Family<Held, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("keyway");
        let requests = Family::default();
        let seconds: Family<Route, Histogram> =
            Family::new_with_constructor(|| Histogram::new([0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0]));
        registry.register("http_requests", "Answered requests", requests.clone());
        registry.register("http_request_seconds", "Time to the answer in seconds", seconds.clone());
        let transactions = Counter::default();
        registry.register("store_transactions", "Write transactions", transactions.clone());
        let statements = Counter::default();
        registry.register("store_statements", "Statements of the database", statements.clone());
        let connectors = ConnectorMetrics::default();
        connectors.register(&mut registry);
        let held_back = Family::<Held, Counter>::default();
        let help = "Messages that a limit refused or asked a proof of work for";
        registry.register("messages_held_back", help, held_back.clone());
        Self { registry: Arc::new(registry), requests, seconds, transactions, statements, connectors, held_back }
    }
}

/// A method as a label. Strangers choose the method, and every new label stays for ever: all but the usual ones are one.
fn method_label(method: &Method) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
        .into_iter()
        .find(|known| method.as_str() == *known)
        .unwrap_or("other")
}

/// Counts and times every request by its route.
pub async fn measure(State(web): State<Web>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", |path| path.as_str()).to_owned();
    let method = method_label(request.method());
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let elapsed = start.elapsed().as_secs_f64();
    tracing::debug!(%method, route, status, milliseconds = elapsed * 1000.0, tenant = %web.tenant, "request");
    web.metrics.seconds.get_or_create(&Route { path: route.clone() }).observe(elapsed);
    let label = Answered { tenant: web.tenant.0.clone(), method: method.to_owned(), path: route, status };
    web.metrics.requests.get_or_create(&label).inc();
    response
}

/// `/healthz`: the process answers. `/readyz`: the database answers too. `/api/status`: as in Logto.
pub fn health() -> Router<Web> {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/api/status", get(async || StatusCode::NO_CONTENT))
}

async fn ready(State(web): State<Web>) -> Response {
    is_ready(&web.core).await
}

async fn is_ready(core: &Core) -> Response {
    match core.store().ping().await {
        Ok(()) => "ready".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
        }
    }
}

/// The operators' own listener: metrics in the Prometheus text format, health and readiness.
pub fn operations(core: Arc<Core>, metrics: Metrics) -> Router {
    let measured = Arc::clone(&core);
    Router::new()
        .route(
            "/metrics",
            get(async move || {
                metrics.transactions.inner().store(measured.store().transactions(), Ordering::Relaxed);
                metrics.statements.inner().store(measured.store().statements(), Ordering::Relaxed);
                metrics.connectors.read(&measured);
                for (rule, outcome, count) in measured.held_back() {
                    metrics.held_back.get_or_create(&Held { rule, outcome }).inner().store(count, Ordering::Relaxed);
                }
                let mut text = String::new();
                // Writing to a String does not fail.
                let _ = encode(&mut text, &metrics.registry);
                let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                ([(header::CONTENT_TYPE, kind)], text)
            }),
        )
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(async move || is_ready(&core).await))
}
