//! Who sent a request.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use keyway_core::signin::Browser;
use keyway_core::{Actor, Cx, Visitor};

use super::text;
use crate::Web;
use crate::cookies::{self, CookieKind};
use crate::error::WebError;
use crate::locale::negotiate;

/// Who sent the request.
pub fn visitor(web: &Web, parts: &Parts) -> Visitor {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let forwarded = parts.headers.contains_key("x-forwarded-for") || parts.headers.contains_key("forwarded");
    let ip = sender(peer, &parts.headers, &web.trusted_proxies);
    Visitor {
        ip: ip.map(|ip| ip.to_string()).unwrap_or_default(),
        user_agent: text(&parts.headers, header::USER_AGENT).map(|agent| agent.chars().take(256).collect()),
        local: web.exempts_local && peer.is_some_and(|peer| peer.is_loopback()) && !forwarded,
    }
}

/// The address that the request came from. `X-Forwarded-For` counts only from a trusted proxy, from the right, up to the first
/// address that no trusted proxy has.
pub(crate) fn sender(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let trusted = |ip: &IpAddr| proxies.iter().any(|net| net.contains(ip));
    let mut ip = peer;
    if peer.is_some_and(|peer| trusted(&peer)) {
        // A client may have begun the list with bytes that are no text; what the proxy put behind them counts all the same.
        let all: Vec<_> =
            headers.get_all("x-forwarded-for").iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let list = all.join(",");
        for hop in list.rsplit(',') {
            let Some(hop) = hop_address(hop.trim()) else { break };
            ip = Some(hop);
            if !trusted(&hop) {
                break;
            }
        }
    }
    ip
}

/// An entry of `X-Forwarded-For`: an address, which some proxies (Azure Application Gateway, IIS) send with a port.
pub(crate) fn hop_address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse().ok().or_else(with_port).or_else(in_brackets).map(|ip: IpAddr| ip.to_canonical())
}

impl FromRequestParts<Web> for Browser {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let read = |kind| cookies::read(web, &parts.headers, kind);
        Ok(Self {
            cx: Cx::new(&web.core, web.tenant.clone(), Actor::Nobody, visitor(web, parts)),
            interaction: read(CookieKind::Interaction).unwrap_or_default(),
            session: read(CookieKind::Session),
            device: read(CookieKind::Device),
            locale: Some(negotiate(&parts.headers, None, None).to_string()),
        })
    }
}

/// The context that the guard before the route made; without a guard, nobody's.
impl FromRequestParts<Web> for Cx {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let guarded = parts.extensions.get::<Self>().cloned();
        Ok(guarded.unwrap_or_else(|| Self::new(&web.core, web.tenant.clone(), Actor::Nobody, visitor(web, parts))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_of_a_proxy_may_have_ports() {
        let read = |hop: &str| hop_address(hop).map(|ip| ip.to_string()).unwrap_or_default();
        assert_eq!(read("198.51.100.7:55012"), "198.51.100.7");
        assert_eq!(read("[2001:db8::7]:55012"), "2001:db8::7");
        assert_eq!(read("[2001:db8::7]"), "2001:db8::7");
        assert_eq!(read("::ffff:198.51.100.7"), "198.51.100.7");
        for bad in ["", "unknown", "198.51.100.7:", "[::1", "_hidden"] {
            assert_eq!(read(bad), "", "{bad}");
        }
    }
}
