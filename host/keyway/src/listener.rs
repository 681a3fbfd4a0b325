//! Listeners: as many connections as the machine bears, each with the time that an honest client needs.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::connections::{ConnectionLimits, Connections};

/// For the head of a request, and between two requests of one connection.
const HEAD: Duration = Duration::from_secs(30);

/// Longest pause of a client that reads an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

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
        socket.listen(4096)?;
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
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    mut stopped: watch::Receiver<bool>,
) {
    let connections = Connections::new(limits);
    let graceful = GracefulShutdown::new();
    loop {
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
        let place = tokio::select! {
            place = connections.enter(peer.ip().to_canonical()) => place,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let Some(place) = place.map(Arc::new) else { continue };
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        // Also where the client takes nothing more: <https://man7.org/linux/man-pages/man7/tcp.7.html>, TCP_USER_TIMEOUT.
        #[cfg(target_os = "linux")]
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(READ_TIMEOUT));
        let service = {
            let (place, router) = (Arc::clone(&place), router.clone());
            service_fn(move |mut request: Request<Incoming>| {
                let (place, router) = (Arc::clone(&place), router.clone());
                request.extensions_mut().insert(ConnectInfo(peer));
                async move {
                    let _working = place.work();
                    router.oneshot(request.map(Body::new)).await
                }
            })
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                },
                () = place.closing() => tracing::debug!("a connection without a request made room"),
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn localhost_is_reached_by_both_families() {
        let listener = bind(None, 0).unwrap();
        let port = listener.local_addr().unwrap().port();
        for address in ["127.0.0.1", "::1"] {
            let address = SocketAddr::new(address.parse().unwrap(), port);
            let machine_has_it = TcpListener::bind(SocketAddr::new(address.ip(), 0)).await.is_ok();
            assert_eq!(TcpStream::connect(address).await.is_ok(), machine_has_it, "{address}");
        }
        assert!(bind(None, port).is_err(), "a port that is taken is said, not shared");
    }

    /// A head that never ends, from as many connections as there may be: the next visitor is served, and who has waited longest
    /// is hung up on.
    #[tokio::test]
    async fn slow_clients_keep_nobody_out() {
        let listener = bind(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let limits = ConnectionLimits { all: 3, per_address: 64, proxies: Arc::new([]), counts_local: true };
        let router = Router::new().route("/", axum::routing::get(async || "welcome"));
        let serving = tokio::spawn(serve(listener, router, limits, stopped));
        let visit = async |sent: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            stream
        };
        let mut slow = Vec::new();
        for _ in 0..3 {
            slow.push(visit("GET / HTTP/1.1\r\nhost: ").await);
        }
        let mut answer = String::new();
        let mut honest = visit("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
        honest.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("welcome"), "{answer}");
        // It said nothing wrong, so the connection ends without an answer.
        assert_eq!(slow.remove(0).read(&mut [0; 16]).await.unwrap_or_default(), 0);
        drop(slow);
        stop.send(true).unwrap();
        serving.await.unwrap();
    }
}
