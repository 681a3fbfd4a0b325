//! A sandbox with a fixed clock, and a provider on this machine.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it fails")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use keyway_model::{Clock, Rng, Timestamp};
use keyway_sandbox::{Budgets, EgressPolicy, EngineSettings, Sandbox};

struct Fixed;
impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(1_456_231_584_000)
    }
}
impl Rng for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Serves every connection with `answer` until the test ends.
pub struct Provider {
    /// Its origin.
    pub address: String,
    received: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    /// Starts to listen.
    pub fn start(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let (requests, answer) = (Arc::clone(&received), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let request = read_request(&mut stream);
                    requests.lock().unwrap().push(request);
                    answer(&mut stream);
                });
            }
        });
        Self { address, received }
    }

    /// The requests that came.
    pub fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

/// Head and body of one request.
fn read_request(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).unwrap_or(0);
        received.extend(chunk.iter().take(count));
        let text = String::from_utf8_lossy(&received).into_owned();
        let complete = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| {
                line.to_lowercase().strip_prefix("content-length: ").and_then(|n| n.parse::<usize>().ok())
            });
            body.len() >= length.unwrap_or(0)
        });
        if count == 0 || complete {
            return text;
        }
    }
}

/// A whole answer.
pub fn http(status: &str, body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
    format!("{head}connection: close\r\n\r\n{body}").into_bytes()
}

/// Answers with these bytes.
pub fn answering(bytes: Vec<u8>) -> Provider {
    Provider::start(move |stream| {
        let _ = stream.write_all(&bytes);
    })
}

/// A component that `cargo xtask connectors` built; `variable` names its folder.
pub fn component(variable: &str, name: &str) -> Vec<u8> {
    let folder = std::env::var(variable).expect("run the tests by `cargo xtask test`");
    std::fs::read(std::path::Path::new(&folder).join(name)).unwrap()
}

/// A sandbox whose traffic is rewritten; `pooling` as in its settings.
pub fn sandbox(rewrite: &str, budgets: Budgets, pooling: bool) -> (tempfile::TempDir, Arc<Sandbox>) {
    let folder = tempfile::tempdir().unwrap();
    let settings = EngineSettings {
        cache: folder.path().to_owned(),
        cache_key: [3; 32],
        pooling,
        compiler: None,
        budgets,
        egress: EgressPolicy::parse(rewrite, "").unwrap(),
        transport: None,
        clock: Arc::new(Fixed),
        rng: Arc::new(Fixed),
    };
    (folder, Sandbox::new(settings).unwrap())
}
