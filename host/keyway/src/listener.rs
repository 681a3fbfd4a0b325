//! Listeners: as many connections as the machine bears, each with the time that an honest client needs.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use keyway_model::network::subnet;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

/// For the head of a request, and between two requests of one connection.
const HEAD: Duration = Duration::from_secs(30);

/// How many connections may be open.
#[derive(Clone)]
pub struct Connections {
    /// On a listener.
    pub all: usize,
    /// From one address.
    pub per_address: usize,
    /// Networks whose connections are not counted by address: proxies speak for many.
    pub uncounted: Arc<[IpNet]>,
    /// Whether connections of this machine are counted.
    pub counts_local: bool,
}

/// Connections by address: for IPv6 the /64, which is what one customer is given.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of an address, until it is dropped.
struct Place {
    open: Open,
    address: IpAddr,
}

impl Open {
    fn enter(&self, address: IpAddr, most: usize) -> Option<Place> {
        let address = subnet(address, 64);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { open: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// Listens on an address. Without one, on all of them: `localhost` is `::1` for some clients and `127.0.0.1` for others, so
/// one socket takes IPv6 and IPv4; where the machine has no IPv6, IPv4 alone.
pub fn bind(host: Option<IpAddr>, port: u16) -> anyhow::Result<TcpListener> {
    let listen = |address: SocketAddr| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() && host.is_none() {
            socket.set_only_v6(false)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(1024)?;
        TcpListener::from_std(socket.into())
    };
    let address = SocketAddr::new(host.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), port);
    let opened = match listen(address) {
        Err(error) if host.is_none() && error.kind() != ErrorKind::AddrInUse => {
            listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))
        }
        opened => opened,
    };
    opened.with_context(|| format!("port {port} of {} cannot be listened on", address.ip()))
}

/// Serves until `stopped`, then lets requests under way finish.
pub async fn serve(listener: TcpListener, router: Router, limits: Connections, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits.all));
    let open = Open::default();
    let graceful = GracefulShutdown::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, for example: connections that end give some back.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let address = peer.ip().to_canonical();
        let is_exempt = address.is_loopback() && !limits.counts_local;
        let is_counted = !is_exempt && !limits.uncounted.iter().any(|net| net.contains(&address));
        let own = if is_counted {
            let Some(own) = open.enter(address, limits.per_address) else { continue };
            Some(own)
        } else {
            None
        };
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(Body::new)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
            drop((place, own));
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_reached_by_both_families() {
        let listener = bind(None, 0).unwrap();
        let port = listener.local_addr().unwrap().port();
        for address in ["127.0.0.1", "::1"] {
            let address = SocketAddr::new(address.parse().unwrap(), port);
            let machine_has_it = TcpListener::bind(SocketAddr::new(address.ip(), 0)).await.is_ok();
            assert_eq!(tokio::net::TcpStream::connect(address).await.is_ok(), machine_has_it, "{address}");
        }
        assert!(bind(None, port).is_err(), "a port that is taken is said, not shared");
    }

    #[test]
    fn connections_of_one_customer_are_counted_together() {
        let open = Open::default();
        let enter = |address: &str| open.enter(address.parse().unwrap(), 2);
        let (one, two) = (enter("2001:db8::1"), enter("2001:db8::2"));
        assert!(one.is_some() && two.is_some());
        assert!(enter("2001:db8::3").is_none());
        assert!(enter("2001:db8:0:1::1").is_some());
        assert!(enter("::ffff:192.0.2.1").is_some());
        drop(one);
        assert!(enter("2001:db8::4").is_some());
        drop(two);
        assert!(open.0.lock().unwrap().is_empty(), "addresses that are gone are forgotten");
    }
}
