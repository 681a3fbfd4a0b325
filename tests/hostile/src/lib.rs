//! A connector that does harm, as its configuration says. The sandbox's tests run it; it is never shipped.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_connector::{
    Connector, Failure, Manifest, Message, Secret, Sent, Sms, code, export_sms, http, log, now_ms, random_text,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What to do.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Config {
    act: Act,
    /// Address for the acts that send requests.
    #[serde(default)]
    url: String,
    /// A host that the admin entered, for requests to private addresses.
    #[serde(default)]
    #[serde(rename = "open")]
    _open: String,
    secret: Secret,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Act {
    /// Nothing wrong.
    Behave,
    /// Never ends.
    Loop,
    /// Takes memory until there is none.
    MemoryBomb,
    /// Recurses until the stack ends.
    Recursion,
    /// Panics.
    Panic,
    /// Returns 40 MB.
    HugeResult,
    /// Fails with 40 MB of text.
    HugeFailure,
    /// Asks the time for ever.
    HostCallFlood,
    /// Asks for as many random bytes as a call gives.
    Random,
    /// Asks for one more.
    MuchRandom,
    /// Logs a megabyte a thousand times.
    LogFlood,
    /// Logs what must not be seen.
    LogSecrets,
    /// Sends a hundred requests.
    RequestStorm,
    /// Sends one request.
    Request,
    /// Sends one request for ever.
    RetryForEver,
    /// Sends a body of 2 MiB.
    HugeRequest,
    /// Sets a header that belongs to the server.
    ForgeHost,
}

struct Hostile;

static CALLS: AtomicU32 = AtomicU32::new(0);

#[expect(unconditional_recursion, reason = "the harm that is asked for")]
fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth + 1)) + 1)
}

fn sent(name: &str, value: Value) -> Sent {
    Sent(Map::from_iter([(name.to_owned(), value)]))
}

impl Connector for Hostile {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("hostile", "hostile", "Hostile", "0.0.0").host("provider.example").host("${config.open}")
    }
}

impl Sms for Hostile {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        match config.act {
            Act::Behave => return Ok(sent("calls", json!(calls))),
            Act::Loop => loop {
                black_box(calls);
            },
            Act::MemoryBomb => {
                let mut all = Vec::new();
                loop {
                    all.push(black_box(vec![1_u8; 1024 * 1024]));
                }
            }
            Act::Recursion => return Ok(sent("depth", json!(recurse(0)))),
            #[expect(clippy::panic, reason = "the harm that is asked for")]
            Act::Panic => panic!("on purpose"),
            Act::HugeResult => return Ok(sent("text", json!("x".repeat(10 * 1024 * 1024)))),
            Act::HugeFailure => return Err(Failure::new(code::GENERAL, "x".repeat(10 * 1024 * 1024))),
            Act::HostCallFlood => loop {
                black_box(now_ms());
            },
            Act::Random => return Ok(sent("length", json!(random_text(4096).len()))),
            Act::MuchRandom => return Ok(sent("length", json!(random_text(4097).len()))),
            Act::LogFlood => {
                let line = "x".repeat(1024 * 1024);
                for _ in 0..1000 {
                    log(&line);
                }
            }
            Act::LogSecrets => {
                log(&format!("secret {} to {} with {:?}", config.secret.expose(), message.to, message.text("code")));
                log("first line\nforged line");
            }
            Act::RequestStorm => {
                let answers = (0..100).filter(|_| http::get(&config.url).send().is_ok()).count();
                return Ok(sent("answers", json!(answers)));
            }
            Act::Request => {
                let response = http::get(&config.url).send()?;
                return Ok(sent("status", json!(response.status)));
            }
            Act::RetryForEver => while http::get(&config.url).send().is_err() {},
            Act::HugeRequest => {
                http::post(&config.url).body(vec![0; 2 * 1024 * 1024]).send()?;
            }
            Act::ForgeHost => {
                http::get(&config.url).header("host", "metadata.example").send()?;
            }
        }
        Ok(Sent::default())
    }
}

export_sms!(Hostile);
