//! The server's HTTP face: OpenID Connect, the Experience API, the Management API and the sign-in pages.
//!
//! Handlers read a request, call one use case of the core and write its answer; they decide nothing.

mod api;
mod audit;
#[cfg(test)]
mod catalogues;
mod composition;
mod console;
mod cookies;
mod cors;
mod declaration;
mod error;
mod error_status;
mod error_texts;
mod experience;
mod guard;
#[cfg(test)]
mod hostile_input;
mod interactions;
mod locale;
mod management;
mod oidc;
mod operations;
mod pages;
mod reason_texts;
mod request;
mod response;
mod well_known;
mod write_limit;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware;
use ipnet::IpNet;
use keyway_core::Core;
use keyway_model::TenantId;
use keyway_model::resource::ManagementScope;
use quick_cache::sync::Cache;
use tower::{ServiceExt as _, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use write_limit::WriteLimit;

pub use api::{openapi, operators_openapi};
pub use error::explained;
pub use operations::{Metrics, operations};

/// Largest accepted request body in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// Largest accepted body in bytes where anybody may send one: protocol requests and the forms of the sign-in pages.
const PUBLIC_BODY_LIMIT: usize = 64 * 1024;

/// Longest pause within a body.
const BODY_PAUSE: Duration = Duration::from_secs(15);

/// Longest time to an answer; the slowest honest one is an upload that is compiled.
const REQUEST: Duration = Duration::from_mins(4);

/// Tenants whose routes are kept at a time.
const MAX_ROUTERS: usize = 256;

/// What each operation of the Management API and each page of the console asks for: method, path and scope.
pub fn authorization() -> Vec<(String, &'static str, ManagementScope)> {
    let apis =
        [management::operations(), management::operators_operations()].map(|operations| operations.into_router().1);
    let tables = apis.into_iter().chain([console::pages().into_router().1]).collect::<Vec<_>>();
    let rows = tables.iter().flat_map(declaration::AuthorizationTable::rows);
    rows.map(|(method, path, scope)| (method.to_owned(), path, scope)).collect()
}

/// What a listener serves; each layer of each request has a copy.
#[derive(Clone)]
pub struct Web(Arc<Listener>);

/// What [`Web`] holds.
#[derive(Clone)]
pub struct Listener {
    core: Arc<Core>,
    tenant: TenantId,
    trusted_proxies: Arc<[IpNet]>,
    metrics: Metrics,
    exempts_local: bool,
    writes: Option<Arc<WriteLimit>>,
    authorizations: Option<Arc<WriteLimit>>,
}

impl Deref for Web {
    type Target = Listener;

    fn deref(&self) -> &Listener {
        &self.0
    }
}

impl Web {
    /// A listener of a tenant, and of those whose hosts lead to it. Only peers within `trusted_proxies` may say for whom they speak.
    pub fn new(core: Arc<Core>, tenant: TenantId, trusted_proxies: Vec<IpNet>, metrics: Metrics) -> Self {
        Self(Arc::new(Listener {
            core,
            tenant,
            trusted_proxies: trusted_proxies.into(),
            metrics,
            exempts_local: false,
            writes: None,
            authorizations: None,
        }))
    }

    fn with(&self, change: impl FnOnce(&mut Listener)) -> Self {
        let mut listener = Listener::clone(self);
        change(&mut listener);
        Self(Arc::new(listener))
    }

    /// Counts no program on this machine that calls without a proxy.
    #[must_use]
    pub fn exempting_local(self, exempts_local: bool) -> Self {
        self.with(|listener| listener.exempts_local = exempts_local)
    }

    /// Takes so many writes a minute from one address without an access token, and as many authorization requests, all at once or
    /// one after another.
    #[must_use]
    pub fn limiting_writes(self, per_minute: u32) -> Self {
        let limit = || WriteLimit::new(per_minute).map(Arc::new);
        self.with(|listener| (listener.writes, listener.authorizations) = (limit(), limit()))
    }

    /// Whether browsers reach this listener over TLS.
    fn is_secure(&self) -> bool {
        self.core.endpoint(&self.tenant).starts_with("https://")
    }

    /// Every route of the listener. The host of another tenant leads to the same routes of that tenant: what serves a request knows
    /// one tenant and no other.
    pub fn router(self) -> Router {
        if self.tenant == TenantId::admin() {
            let routes = self.routes();
            let by_tenant = move |request: Request| routes.clone().oneshot(console::enter(request));
            return Router::new().fallback_service(service_fn(by_tenant));
        }
        let own = self.clone().routes();
        let others = Arc::new(Cache::new(MAX_ROUTERS));
        let dispatch = move |request: Request| {
            let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
            let tenant = host.and_then(|host| self.core.tenant_of_host(host));
            let router = match tenant.filter(|tenant| *tenant != self.tenant) {
                None => own.clone(),
                Some(tenant) => others.get(&tenant).unwrap_or_else(|| {
                    let router = self.with(|listener| listener.tenant = tenant.clone()).routes();
                    others.insert(tenant, router.clone());
                    router
                }),
            };
            router.oneshot(request)
        };
        Router::new().fallback_service(service_fn(dispatch))
    }

    fn routes(self) -> Router {
        let api = Router::new().merge(management::router(&self)).merge(well_known::router());
        let browser = Router::new()
            .merge(experience::router())
            .merge(pages::router())
            .route_layer(middleware::from_fn(guard::same_site))
            .route_layer(middleware::from_fn_with_state(self.clone(), write_limit::count))
            .layer(DefaultBodyLimit::max(PUBLIC_BODY_LIMIT));
        Router::new()
            .merge(oidc::router(&self).layer(DefaultBodyLimit::max(PUBLIC_BODY_LIMIT)))
            .merge(api)
            .merge(browser)
            .merge(pages::callbacks().layer(DefaultBodyLimit::max(PUBLIC_BODY_LIMIT)))
            .merge(console::router(&self))
            .merge(operations::health())
            .fallback(error::not_found)
            .method_not_allowed_fallback(error::method_not_allowed)
            // Together, the outermost first: each call of `layer` boxes what it wraps, for each request.
            .layer((
                CatchPanicLayer::custom(error::panicked),
                TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST),
                RequestBodyTimeoutLayer::new(BODY_PAUSE),
                MapRequestBodyLayer::new(Body::new),
                DefaultBodyLimit::max(BODY_LIMIT),
                middleware::from_fn_with_state(self.clone(), request::identify),
                middleware::from_fn_with_state(self.clone(), operations::measure),
                middleware::from_fn_with_state(self.clone(), guard::headers),
                middleware::from_fn(request::no_null),
            ))
            .with_state(self)
    }
}
