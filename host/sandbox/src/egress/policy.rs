//! What the manifest and the operator allow: hosts by name, addresses, and origins that are moved.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use keyway_model::FactoryId;
use url::{Host, Url};

use super::Denied;
use super::address::{host_name, is_public};

/// Sends the traffic of one origin to another; set by the operator for private gateways and tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    pub(super) from: String,
    pub(super) to: Url,
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

/// What the operator allows beyond the public internet, and the name by which the server greets relays.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    pub(super) rewrites: Vec<Rewrite>,
    /// For one module alone where it is named.
    allowed: Vec<(Option<FactoryId>, Allowed)>,
    pub(super) client_name: Option<String>,
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

    pub(super) fn is_allowed(&self, address: SocketAddr) -> bool {
        is_public(address.ip())
            || self.allowed.iter().any(|(_, allowed)| match allowed {
                Allowed::Socket(socket) => *socket == address,
                Allowed::Net(net) => net.contains(&address.ip()),
                Allowed::Name(..) => false,
            })
    }

    /// Whether the operator allows a host by its name, wherever it resolves to.
    pub(super) fn is_named(&self, host: &str, port: u16) -> bool {
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

/// `host`, `host:port` or `*.host` (any depth below, never the host itself).
pub fn host_matches(pattern: &str, host: &str, port: Option<u16>) -> bool {
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

    #[test]
    fn settings_that_cannot_be_read_are_named() {
        assert!(EgressPolicy::parse("nonsense", "").unwrap_err().contains("nonsense"));
        assert!(EgressPolicy::parse("", "10.0.0.0/99").unwrap_err().contains("10.0.0.0/99"));
    }
}
