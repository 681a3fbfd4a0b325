//! The egress guard: the one way out. Decides by name, then again by address, and connects to that address.

mod address;
mod outgoing;
mod policy;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

pub use address::host_name;
pub use policy::{EgressPolicy, Rewrite};

use address::is_public;
use outgoing::{build, check, invalid};
use policy::host_matches;

/// Why a request was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// The request is malformed.
    Invalid(String),
    /// A rule forbids it; the text names which.
    Policy(String),
}

/// Why a request brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// Not sent.
    Denied(Denied),
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Unreachable,
    /// The answer exceeds its budget.
    TooLarge,
}

/// A request of a guest.
#[derive(Debug, Clone)]
pub struct Request {
    /// Such as `POST`.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Names and values in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// An answer for a guest.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    /// Names and values in order.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

tokio::task_local! {
    /// The addresses that the guard has checked for the request under way.
    static PINNED: Vec<SocketAddr>;
}

/// Gives the HTTP client the checked addresses and no other: a second look-up could answer differently (DNS rebinding).
struct Pinned;

impl Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses = PINNED.try_with(Clone::clone).unwrap_or_default();
        Box::pin(async move {
            if addresses.is_empty() {
                return Err("no checked address".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Carries requests that the guard has let pass to somewhere other than the network: a script of a provider in a test of a
/// connector, or nowhere in a benchmark.
#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// Answers a request.
    async fn carry(&self, request: Request) -> Result<Response, FetchError>;

    /// Takes a mail in a relay's place; `mail` is a JSON object with relay and mail. The error is the relay's refusal.
    async fn mail(&self, _mail: serde_json::Value) -> Result<String, String> {
        Err("there is no relay here".into())
    }
}

/// The way out for one component; connections are not shared between components.
pub struct Egress {
    policy: Arc<EgressPolicy>,
    client: OnceLock<reqwest::Client>,
    transport: Option<Arc<dyn Transport>>,
    key_sets: Mutex<HashMap<String, (JwkSet, i64)>>,
}

/// Key sets that one component may keep.
const MAX_KEY_SETS: usize = 16;

impl Egress {
    /// A way out under `policy`; `transport` takes the network's place.
    pub fn new(policy: Arc<EgressPolicy>, transport: Option<Arc<dyn Transport>>) -> Self {
        Self { policy, client: OnceLock::new(), transport, key_sets: Mutex::default() }
    }

    /// The HTTP client, made at the first request: its trusted roots take longer to read than a component to load.
    fn client(&self) -> Result<&reqwest::Client, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(3))
            .dns_resolver(Arc::new(Pinned))
            .user_agent(concat!("Keyway/", env!("CARGO_PKG_VERSION")))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| {
                tracing::error!(%error, "the HTTP client cannot be made");
                FetchError::Unreachable
            })?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Sends a request to one of `hosts`; the answer's body is cut off with an error at `max_bytes`.
    pub async fn fetch(
        &self,
        request: Request,
        hosts: &[String],
        max_bytes: usize,
        time: Duration,
    ) -> Result<Response, FetchError> {
        let (url, chosen) = self.policy.decide(&request.url, hosts).map_err(FetchError::Denied)?;
        if let Some(transport) = &self.transport {
            check(&request)?;
            let carried = tokio::time::timeout(time, transport.carry(request)).await;
            let answer = carried.map_err(|_| FetchError::Timeout)??;
            return if answer.body.len() > max_bytes { Err(FetchError::TooLarge) } else { Ok(answer) };
        }
        let url_before = request.url.clone();
        let outgoing = build(&url, request)?;
        let is_plain = url.scheme() == "http";
        let rewritten = Url::parse(&url_before).is_ok_and(|before| before.origin() != url.origin());
        let work = async {
            let addresses = self.resolve(&url, chosen).await?;
            // A name that the operator allows is a private gateway's: without TLS nothing goes out to the internet by it.
            if is_plain && !rewritten && addresses.iter().any(|address| is_public(address.ip())) {
                let host = url.host_str().unwrap_or_default();
                return Err(FetchError::Denied(Denied::Policy(format!("http is not allowed, only https: {host}"))));
            }
            PINNED.scope(addresses, self.exchange(outgoing, max_bytes)).await
        };
        tokio::time::timeout(time, work).await.map_err(|_| FetchError::Timeout)?
    }

    /// The key set that was read from `uri`, and when.
    pub fn key_set(&self, uri: &str) -> Option<(JwkSet, i64)> {
        self.key_sets.lock().unwrap_or_else(PoisonError::into_inner).get(uri).cloned()
    }

    /// Forgets every key set.
    pub fn forget_key_sets(&self) {
        self.key_sets.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Keeps a key set for the next call.
    pub fn keep_key_set(&self, uri: &str, set: JwkSet, now_ms: i64) {
        let mut sets = self.key_sets.lock().unwrap_or_else(PoisonError::into_inner);
        if sets.len() >= MAX_KEY_SETS {
            sets.clear();
        }
        sets.insert(uri.to_owned(), (set, now_ms));
    }

    /// What takes the network's place, if anything does.
    pub fn transport(&self) -> Option<&Arc<dyn Transport>> {
        self.transport.as_ref()
    }

    /// The name by which relays are greeted where a connector gives none.
    pub fn client_name(&self) -> &str {
        self.policy.client_name.as_deref().unwrap_or("[127.0.0.1]")
    }

    /// Whether the manifest names this relay.
    pub fn lists_relay(host: &str, port: u16, hosts: &[String]) -> bool {
        hosts.iter().any(|pattern| host_matches(pattern, host, Some(port)) || host_matches(pattern, host, None))
    }

    /// The checked address of an SMTP relay, and whether the operator chose it.
    pub async fn relay(&self, host: &str, port: u16, hosts: &[String]) -> Result<(SocketAddr, bool), FetchError> {
        let denied = |what: String| FetchError::Denied(Denied::Policy(what));
        // 25 is for mail between relays: an open way to it would make the server a source of spam.
        let url = Url::parse(&format!("smtp://{host}:{port}")).map_err(|_| invalid("the relay's name is not valid"))?;
        if url.host_str() != Some(host) {
            return Err(invalid("the relay's name is not valid"));
        }
        if !Self::lists_relay(host, port, hosts) {
            return Err(denied(format!("host not in the allow-list: {host}")));
        }
        if let Some(rewrite) =
            self.policy.rewrites.iter().find(|rewrite| rewrite.from == format!("smtp://{host}:{port}"))
        {
            let found = self.resolve(&rewrite.to, true).await?;
            return found.first().map(|address| (*address, true)).ok_or(FetchError::Unreachable);
        }
        let found = self.resolve(&url, self.policy.is_named(host, port)).await?;
        let address = *found.first().ok_or(FetchError::Unreachable)?;
        let chosen = !is_public(address.ip());
        if port == 25 && !chosen {
            return Err(denied("port 25 is for mail between relays; use 465 or 587".into()));
        }
        Ok((address, chosen))
    }

    async fn resolve(&self, url: &Url, chosen: bool) -> Result<Vec<SocketAddr>, FetchError> {
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let found = tokio::net::lookup_host((host.as_str(), port)).await.map_err(|_| FetchError::Unreachable)?;
        let found: Vec<SocketAddr> = found.collect();
        let allowed: Vec<SocketAddr> =
            found.iter().copied().filter(|address| chosen || self.policy.is_allowed(*address)).collect();
        if allowed.is_empty() && !found.is_empty() {
            return Err(FetchError::Denied(Denied::Policy(format!("{host} resolves to a private address"))));
        }
        Ok(allowed)
    }

    async fn exchange(&self, request: reqwest::Request, max_bytes: usize) -> Result<Response, FetchError> {
        let failed =
            |error: reqwest::Error| if error.is_timeout() { FetchError::Timeout } else { FetchError::Unreachable };
        #[expect(clippy::disallowed_methods, reason = "this is the guard through which every request must go")]
        let mut answer = self.client()?.execute(request).await.map_err(failed)?;
        let mut headers = Vec::new();
        for (name, value) in answer.headers().iter().take(64) {
            headers.push((name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > max_bytes {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status: answer.status().as_u16(), headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_without_tls_goes_to_private_addresses_alone() {
        let policy = EgressPolicy::parse("", "localhost:9").unwrap();
        let egress = Egress::new(Arc::new(policy), None);
        let fetch = async |url: &str| {
            let request = Request { method: "GET".into(), url: url.into(), headers: Vec::new(), body: None };
            egress.fetch(request, &["localhost:9".into()], 10, Duration::from_secs(2)).await.err()
        };
        assert_eq!(fetch("http://localhost:9/").await, Some(FetchError::Unreachable), "it was let through");
        let invalid = fetch("http://localhost:9/\r\nx").await;
        assert!(matches!(invalid, Some(FetchError::Denied(Denied::Invalid(_)))), "{invalid:?}");
    }

    #[test]
    fn relays_are_greeted_by_a_full_name() {
        let named = |endpoint: &str| {
            let policy = EgressPolicy::default().with_endpoint(&endpoint.parse().unwrap());
            Egress::new(Arc::new(policy), None).client_name().to_owned()
        };
        assert_eq!(named("https://id.example.com/"), "id.example.com");
        assert!(named("https://身份.example/").starts_with("xn--"));
        assert_eq!(named("http://localhost:3001/"), "[127.0.0.1]");
        assert_eq!(named("http://10.0.0.1:3001/"), "[10.0.0.1]");
        assert_eq!(named("http://[::1]:3001/"), "[IPv6:::1]");
    }
}
