//! Strangers who hold connections, send slowly or send much, from many addresses of this machine; and how long somebody waits
//! meanwhile who opens a sign-in page.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{Client, connect};
use crate::flows::Setup;
use crate::measure::Plan;
use crate::report::Report;

/// Sign-in pages that are opened in a second, each over a connection of its own.
const VISITORS: f64 = 50.0;

/// What strangers do.
#[derive(Debug, Clone, Copy)]
enum Flood {
    /// More connections than the listener holds, each with a head that never ends.
    SlowHeads,
    /// Forms whose body never ends.
    SlowBodies,
    /// Connections that are opened and dropped.
    Connections,
    /// Requests with as many headers as are read.
    Headers,
    /// Forms.
    Forms,
}

impl Flood {
    const ALL: [(Self, &'static str); 5] = [
        (Self::SlowHeads, "beside 6,000 slow heads"),
        (Self::SlowBodies, "beside 1,000 slow bodies"),
        (Self::Connections, "beside 1,000 connections/s"),
        (Self::Headers, "beside 200 large heads/s"),
        (Self::Forms, "beside 500 forms/s"),
    ];

    /// Strangers at once, and how long each waits between two things that it sends.
    fn crowd(self) -> (u8, u8, Duration) {
        match self {
            Self::SlowHeads => (24, 250, Duration::from_secs(5)),
            Self::SlowBodies => (4, 250, Duration::from_secs(5)),
            Self::Connections => (4, 25, Duration::from_millis(100)),
            Self::Headers => (4, 5, Duration::from_millis(100)),
            Self::Forms => (1, 50, Duration::from_millis(100)),
        }
    }

    async fn attack(self, address: Ipv4Addr, port: u16, pause: Duration) -> std::io::Result<()> {
        let mut stream = connect(address, port).await?;
        match self {
            Self::SlowHeads => drip(&mut stream, "GET / HTTP/1.1\r\nhost: localhost\r\nx: ", pause).await,
            Self::SlowBodies => {
                let head = "POST /oidc/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\
                    content-type: application/x-www-form-urlencoded\r\n\r\n";
                drip(&mut stream, head, pause).await
            }
            Self::Connections => Ok(()),
            Self::Headers => {
                let headers = format!("x: {}\r\n", "a".repeat(700)).repeat(90);
                repeat(&mut stream, &format!("GET /sign-in HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n"), pause).await
            }
            Self::Forms => {
                let body = r#"{"interactionEvent":"SignIn"}"#;
                let head = "PUT /api/experience HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
                repeat(&mut stream, &format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()), pause).await
            }
        }
    }
}

/// A letter at a time, until the server hangs up.
async fn drip(stream: &mut TcpStream, start: &str, pause: Duration) -> std::io::Result<()> {
    stream.write_all(start.as_bytes()).await?;
    let mut answer = [0; 512];
    loop {
        match tokio::time::timeout(pause, stream.read(&mut answer)).await {
            Ok(Ok(0)) => return Ok(()),
            Ok(read) => drop(read?),
            Err(_) => stream.write_all(b"a").await?,
        }
    }
}

/// The same request again and again, until the server hangs up.
async fn repeat(stream: &mut TcpStream, request: &str, pause: Duration) -> std::io::Result<()> {
    let mut answer = vec![0; 64 * 1024];
    loop {
        stream.write_all(request.as_bytes()).await?;
        if stream.read(&mut answer).await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
    }
}

/// The slowest of a hundred visitors, in milliseconds.
async fn slowest_of_a_hundred(plan: &Plan, setup: &Arc<Setup>) -> anyhow::Result<f64> {
    let mut visits = JoinSet::new();
    let mut turn = tokio::time::interval(Duration::from_secs_f64(1.0 / VISITORS));
    let start = Instant::now();
    while start.elapsed() < plan.round * u32::try_from(plan.rounds)? {
        turn.tick().await;
        let setup = Arc::clone(setup);
        let address = Ipv4Addr::new(127, 0, 2, u8::try_from(visits.len() % 250)? + 1);
        visits.spawn(async move {
            let start = Instant::now();
            let mut client = Client::connect_from(address, setup.port).await?;
            setup.open_sign_in(&mut client).await?;
            anyhow::Ok(start.elapsed().as_secs_f64() * 1000.0)
        });
    }
    let mut waited = visits.join_all().await.into_iter().collect::<anyhow::Result<Vec<f64>>>()?;
    waited.sort_by(f64::total_cmp);
    Ok(waited.get(waited.len() * 99 / 100).copied().unwrap_or_default())
}

/// Quiet first, then beside each flood.
pub async fn measure(plan: &Plan, setup: Arc<Setup>, report: &mut Report) -> anyhow::Result<()> {
    slowest_of_a_hundred(plan, &setup).await?;
    let quiet = slowest_of_a_hundred(plan, &setup).await?;
    report.milliseconds("p99 of opening a sign-in page", &[quiet]);
    for (flood, name) in Flood::ALL {
        let mut strangers = JoinSet::new();
        let (addresses, each, pause) = flood.crowd();
        for (address, _) in (1..=addresses).flat_map(|address| (0..each).map(move |stranger| (address, stranger))) {
            let (address, port) = (Ipv4Addr::new(127, 0, 1, address), setup.port);
            strangers.spawn(async move {
                loop {
                    // A stranger who is hung up on comes back.
                    let _ = flood.attack(address, port, pause).await;
                    tokio::time::sleep(pause).await;
                }
            });
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let beside = slowest_of_a_hundred(plan, &setup).await?;
        strangers.shutdown().await;
        report.times_quiet(name, beside, quiet);
    }
    Ok(())
}
