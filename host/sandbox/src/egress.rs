//! The egress guard: the one way out. Decides by name, then again by address, and connects to that address.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use jsonwebtoken::jwk::JwkSet;
use keyway_model::FactoryId;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Sends the traffic of one origin to another; set by the operator for private gateways and tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    from: String,
    to: Url,
}

impl FromStr for Rewrite {
    type Err = String;

    /// Reads `https://provider.example=http://127.0.0.1:18099`, or `smtp://relay.example:587=smtp://127.0.0.1:2525`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} must be two origins joined by '=', such as https://a.example=http://127.0.0.1:1");
        let (from, to) = text.split_once('=').ok_or_else(wrong)?;
        let (from, to) = (Url::parse(from.trim()).map_err(|_| wrong())?, Url::parse(to.trim()).map_err(|_| wrong())?);
        // Only the web's schemes have an origin in the standard's sense; a relay is known by its own.
        if from.scheme() == "smtp" && to.scheme() == "smtp" && from.port().is_some() && to.port().is_some() {
            return Ok(Self { from: from.as_str().trim_end_matches('/').to_owned(), to });
        }
        if !from.origin().is_tuple() || !to.origin().is_tuple() {
            return Err(wrong());
        }
        Ok(Self { from: from.origin().ascii_serialization(), to })
    }
}

/// A destination that is not public but allowed by the operator: `127.0.0.1:9911`, `10.1.0.0/16`, an address, or the name of a
/// private gateway, `sms-gateway:8080` or `relay.lan`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    Socket(SocketAddr),
    Net(IpNet),
    Name(String, Option<u16>),
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(entry: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{entry:?} must be an address, an address with a port, a network, or a host name with or without a port"
            )
        };
        if let Ok(socket) = entry.parse() {
            return Ok(Self::Socket(socket));
        }
        if let Some(net) = entry.parse().ok().or_else(|| entry.parse::<IpAddr>().map(IpNet::from).ok()) {
            return Ok(Self::Net(net));
        }
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().map_err(|_| wrong())?)),
            None => (entry, None),
        };
        match host_name(name) {
            Some(name) => Ok(Self::Name(name, port)),
            None => Err(wrong()),
        }
    }
}

/// A host name in its ASCII form (RFC 5891), in lower case; none when it is no name, or is an address.
pub fn host_name(text: &str) -> Option<String> {
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let Ok(Host::Domain(name)) = Host::parse(text) else { return None };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

/// What the operator allows beyond the public internet, and the name by which the server greets relays.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    rewrites: Vec<Rewrite>,
    /// For one module alone where it is named.
    allowed: Vec<(Option<FactoryId>, Allowed)>,
    client_name: Option<String>,
}

impl EgressPolicy {
    /// Reads the two comma-separated settings; the error names the entry.
    pub fn parse(rewrites: &str, allow: &str) -> Result<Self, String> {
        let entries = |text: &str| -> Vec<String> {
            text.split(',').map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
        };
        let allowed = |entry: String| match entry.split_once('=') {
            Some((factory, place)) => Ok::<_, String>((Some(FactoryId::from(factory.trim())), place.trim().parse()?)),
            None => Ok((None, entry.parse()?)),
        };
        Ok(Self {
            rewrites: entries(rewrites).iter().map(|entry| entry.parse()).collect::<Result<_, _>>()?,
            allowed: entries(allow).into_iter().map(allowed).collect::<Result<_, _>>()?,
            client_name: None,
        })
    }

    /// Adds a rewrite, for the server's own development services.
    #[must_use]
    pub fn with_rewrite(mut self, rewrite: Rewrite) -> Self {
        self.rewrites.push(rewrite);
        self
    }

    /// Greets relays as the host of this endpoint (RFC 5321 section 4.1.1.1): by its name where that is fully qualified.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: &Url) -> Self {
        self.client_name = match endpoint.host() {
            Some(Host::Domain(name)) if name.contains('.') => Some(name.to_owned()),
            Some(Host::Ipv4(address)) => Some(format!("[{address}]")),
            Some(Host::Ipv6(address)) => Some(format!("[IPv6:{address}]")),
            _ => None,
        };
        self
    }

    /// What of it holds for one module.
    pub(crate) fn for_factory(&self, id: &FactoryId) -> Self {
        let own = |(factory, _): &&(Option<FactoryId>, Allowed)| factory.as_ref().is_none_or(|one| one == id);
        Self { allowed: self.allowed.iter().filter(own).cloned().collect(), ..self.clone() }
    }

    fn is_allowed(&self, address: SocketAddr) -> bool {
        is_public(address.ip())
            || self.allowed.iter().any(|(_, allowed)| match allowed {
                Allowed::Socket(socket) => *socket == address,
                Allowed::Net(net) => net.contains(&address.ip()),
                Allowed::Name(..) => false,
            })
    }

    /// Whether the operator allows a host by its name, wherever it resolves to.
    fn is_named(&self, host: &str, port: u16) -> bool {
        self.allowed.iter().any(|(_, allowed)| {
            matches!(allowed, Allowed::Name(name, wanted) if name == host && wanted.is_none_or(|wanted| wanted == port))
        })
    }

    /// Decides on a URL of a guest. Returns where to send it and whether the operator chose that place.
    pub(crate) fn decide(&self, url: &str, hosts: &[String]) -> Result<(Url, bool), Denied> {
        // The parser drops line ends and tabs without a word.
        if url.chars().any(char::is_control) {
            return Err(Denied::Invalid("the address must not hold control characters".into()));
        }
        let mut url = Url::parse(url).map_err(|error| Denied::Invalid(format!("the address is not valid: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(Denied::Invalid("the address must not hold a user name, password or fragment".into()));
        }
        let host = url.host_str().ok_or_else(|| Denied::Invalid("the address has no host".into()))?.to_owned();
        let (port, implied) = (url.port(), url.port_or_known_default());
        let listed = |pattern: &String| {
            host_matches(pattern, &host, port) || (port.is_none() && host_matches(pattern, &host, implied))
        };
        if !hosts.iter().any(listed) {
            return Err(Denied::Policy(format!("host not in the allow-list: {host}")));
        }
        let origin = url.origin().ascii_serialization();
        if let Some(rewrite) = self.rewrites.iter().find(|rewrite| rewrite.from == origin) {
            let moved = url.set_scheme(rewrite.to.scheme()).is_ok()
                && url.set_host(rewrite.to.host_str()).is_ok()
                && url.set_port(rewrite.to.port()).is_ok();
            return if moved {
                Ok((url, true))
            } else {
                Err(Denied::Policy("the operator's rewrite does not fit".into()))
            };
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        let port = url.port_or_known_default().unwrap_or(0);
        let private =
            literal.is_some_and(|address| self.is_allowed(SocketAddr::new(address, port)) && !is_public(address));
        let named = literal.is_none() && self.is_named(&host, port);
        match url.scheme() {
            "https" => {}
            "http" if private || named => {}
            scheme => return Err(Denied::Policy(format!("{scheme} is not allowed, only https: {host}"))),
        }
        if literal.is_some_and(|address| !self.is_allowed(SocketAddr::new(address, port))) {
            return Err(Denied::Policy(format!("private address: {host}")));
        }
        Ok((url, named))
    }
}

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
const MOST_KEY_SETS: usize = 16;

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
        if sets.len() >= MOST_KEY_SETS {
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

fn invalid(what: &str) -> FetchError {
    FetchError::Denied(Denied::Invalid(what.to_owned()))
}

/// The rules on methods and headers.
fn check(request: &Request) -> Result<(), FetchError> {
    if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&request.method.as_str()) {
        return Err(invalid("the method must be GET, HEAD, POST, PUT, PATCH or DELETE"));
    }
    if request.headers.len() > 64
        || request.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > 32 * 1024
    {
        return Err(invalid("more than 64 headers or 32 kB of them"));
    }
    if request.headers.iter().any(|(_, value)| value.chars().any(|c| c.is_control() && c != '\t')) {
        return Err(invalid("a header value must not hold control characters"));
    }
    match request.headers.iter().find(|(name, _)| is_forbidden_header(&name.to_ascii_lowercase())) {
        Some((name, _)) => Err(invalid(&format!("the header {name} is set by the server"))),
        None => Ok(()),
    }
}

fn build(url: &Url, request: Request) -> Result<reqwest::Request, FetchError> {
    check(&request)?;
    let method = request.method.parse().map_err(|_| invalid("method"))?;
    let mut outgoing = reqwest::Request::new(method, url.clone());
    for (name, value) in &request.headers {
        let name: http::HeaderName = name.parse().map_err(|_| invalid("a header name is not valid"))?;
        outgoing.headers_mut().append(name, value.parse().map_err(|_| invalid("a header value is not valid"))?);
    }
    *outgoing.body_mut() = request.body.map(Into::into);
    Ok(outgoing)
}

/// `host`, `host:port` or `*.host` (any depth below, never the host itself).
fn host_matches(pattern: &str, host: &str, port: Option<u16>) -> bool {
    let (name, wanted) = match pattern.rsplit_once(':') {
        Some((name, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => (name, digits.parse().ok()),
        _ => (pattern, None),
    };
    let named = match name.strip_prefix("*.") {
        Some(suffix) => suffix.contains('.') && host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')),
        None => name == host,
    };
    named && wanted == port
}

fn is_forbidden_header(name: &str) -> bool {
    matches!(
        name,
        "host"
            | "connection"
            | "transfer-encoding"
            | "content-length"
            | "te"
            | "trailer"
            | "upgrade"
            | "keep-alive"
            | "expect"
    ) || name.starts_with("proxy-")
        || name.starts_with("x-forwarded-")
        || name == "forwarded"
}

/// True for addresses of the public internet. IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4) is unwrapped first.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_multicast()
                || address.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 192 && b == 88 && c == 99)
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(address) => {
            let [s0, s1, s2, s3, s4, s5, s6, s7] = address.segments();
            let embedded = |high: u16, low: u16| {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                is_public(IpAddr::V4([a, b, c, d].into()))
            };
            match (s0, s1, s2, s3, s4, s5) {
                (0, 0, 0, 0, 0, 0) => false,
                (0, 0, 0, 0, 0, 0xffff) => embedded(s6, s7),
                (0x64, 0xff9b, 0, 0, 0, 0) => embedded(s6, s7),
                (0x2002, ..) => embedded(s1, s2),
                (0x2001, 0xdb8 | 0, ..) | (0x64, 0xff9b, ..) | (0x100 | 0x3fff, ..) => false,
                // Global unicast is 2000::/3; unique local, link-local and multicast lie outside.
                _ => (0x2000..0x4000).contains(&s0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(url: &str) -> Result<(Url, bool), Denied> {
        let hosts = [
            "api.example.com",
            "*.wild.example.com",
            "127.0.0.1:9911",
            "127.0.0.1",
            "[::1]",
            "10.0.0.1",
            "localhost",
            "2130706433",
            "169.254.169.254",
        ];
        let policy = EgressPolicy::parse("https://moved.example=http://127.0.0.1:18099", "127.0.0.1:9911").unwrap();
        policy.decide(url, &hosts.map(ToOwned::to_owned))
    }

    #[test]
    fn ssrf_corpus_is_refused() {
        for url in [
            "http://api.example.com/",
            "https://other.example.com/",
            "https://api.example.com.evil.com/",
            "https://api.example.com@evil.com/",
            "https://user:p@api.example.com/",
            "https://api.example.com/#x",
            "file:///etc/passwd",
            "gopher://api.example.com/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://[::1]/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "http://127.0.0.1:9912/",
            "https://api.example.com:8443/",
            "https://wild.example.com/",
            "",
        ] {
            assert!(decide(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_the_manifest_and_the_operator_name_is_allowed() {
        assert!(decide("https://api.example.com/x").is_ok());
        assert!(decide("https://a.wild.example.com/").is_ok());
        assert!(decide("http://127.0.0.1:9911/x").is_ok());
    }

    #[test]
    fn a_rewrite_moves_the_origin_only() {
        let policy = EgressPolicy::parse("https://moved.example=http://127.0.0.1:18099", "").unwrap();
        let (url, chosen) = policy.decide("https://moved.example/a?b=c", &["moved.example".to_owned()]).unwrap();
        assert_eq!((url.as_str(), chosen), ("http://127.0.0.1:18099/a?b=c", true));
        assert!(policy.decide("https://moved.example/", &[]).is_err());
    }

    #[test]
    fn a_private_gateway_is_allowed_by_its_name() {
        let policy = EgressPolicy::parse("", "sms-gateway:8080, Relay.LAN, http-sms=only.lan:80, 10.0.0.0/8").unwrap();
        let decide = |policy: &EgressPolicy, url: &str| {
            let host = Url::parse(url).unwrap();
            let port = host.port().map(|port| format!(":{port}")).unwrap_or_default();
            policy.decide(url, &[format!("{}{port}", host.host_str().unwrap())])
        };
        let other = policy.for_factory(&"other".into());
        assert!(decide(&other, "http://sms-gateway:8080/send").unwrap().1);
        assert!(decide(&other, "http://relay.lan/").unwrap().1 && decide(&other, "https://relay.lan:8443/").unwrap().1);
        for url in ["http://sms-gateway:8081/", "http://sms-gateway/", "http://xrelay.lan/", "http://only.lan/"] {
            assert!(decide(&other, url).is_err(), "{url}");
        }
        assert!(decide(&policy.for_factory(&"http-sms".into()), "http://only.lan/").is_ok());
        assert!(!decide(&other, "https://public.example/").unwrap().1);
    }

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

    #[test]
    fn private_addresses_in_every_wrapping() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn settings_that_cannot_be_read_are_named() {
        assert!(EgressPolicy::parse("nonsense", "").unwrap_err().contains("nonsense"));
        assert!(EgressPolicy::parse("", "10.0.0.0/99").unwrap_err().contains("10.0.0.0/99"));
    }
}
