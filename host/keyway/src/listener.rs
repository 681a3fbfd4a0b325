//! Listeners: as many connections as the machine bears, each with the time that an honest client needs.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
}

/// Connections by address: for IPv6 the /64, which is what one customer is given.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of an address, until it is dropped.
struct Place {
    open: Open,
    address: IpAddr,
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

impl Open {
    fn enter(&self, address: IpAddr, most: usize) -> Option<Place> {
        let address = network(address);
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
        let is_counted = !address.is_loopback() && !limits.uncounted.iter().any(|net| net.contains(&address));
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
