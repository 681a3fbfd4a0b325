//! A connector that does harm: each call ends with a typed error within its budget, and the next call works.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod support;

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use keyway_sandbox::{Budgets, CallError, Component, Context, Message, Report, Sandbox, WrittenLine};
use serde_json::{Value, json};
use support::{Provider, answering, component, http, sandbox};

const SECRET: &str = "correct horse battery";

fn budgets() -> Budgets {
    Budgets { wall: Duration::from_secs(5), fetch: Duration::from_millis(300), ..Budgets::default() }
}

struct Setup {
    sandbox: Arc<Sandbox>,
    loaded: Arc<Component>,
    _cache: tempfile::TempDir,
}

impl Setup {
    async fn new(rewrite: &str, budgets: Budgets, pooling: bool) -> Self {
        let (cache, sandbox) = sandbox(rewrite, budgets, pooling);
        let loaded = sandbox.load(&component("KEYWAY_FIXTURES", "hostile.wasm")).await.unwrap();
        Self { sandbox, loaded, _cache: cache }
    }

    /// Sends all requests to `provider`.
    async fn with(provider: &Provider) -> Self {
        Self::new(&format!("https://provider.example={}", provider.address), budgets(), true).await
    }

    async fn act(&self, act: &str, url: &str) -> (Result<Value, CallError>, Report) {
        self.act_with(json!({ "act": act, "url": url, "secret": SECRET })).await
    }

    async fn act_with(&self, config: Value) -> (Result<Value, CallError>, Report) {
        let message = Message {
            to: "8613012345678".into(),
            usage: "SignIn".into(),
            payload: json!({ "code": "493021" }).to_string(),
            locale: None,
            template: None,
        };
        let (result, report) = self.sandbox.send(&self.loaded, &Context::new(config), message).await;
        (result.map(|text| serde_json::from_str(&text).unwrap()), report)
    }

    async fn behaves(&self) {
        let (result, _) = self.act("behave", "").await;
        assert_eq!(result.unwrap(), json!({ "calls": 1 }), "a fresh instance knows nothing of calls before");
    }
}

async fn harm(pooling: bool) {
    let setup = Setup::new("", budgets(), pooling).await;
    for (act, expected) in [
        ("loop", CallError::Cpu),
        ("memory-bomb", CallError::Memory),
        ("recursion", CallError::Trap),
        ("panic", CallError::Trap),
        ("huge-result", CallError::TooLarge),
        ("huge-failure", CallError::TooLarge),
        ("host-call-flood", CallError::HostCalls),
        ("much-random", CallError::TooLarge),
    ] {
        let (result, report) = setup.act(act, "").await;
        assert_eq!(result, Err(expected), "{act}");
        assert!(report.memory <= budgets().memory, "{act}: {}", report.memory);
        setup.behaves().await;
    }
}

#[tokio::test]
async fn harm_is_a_typed_error_and_the_next_call_works() {
    harm(true).await;
}

#[tokio::test]
async fn harm_is_a_typed_error_without_a_pool_too() {
    harm(false).await;
}

#[tokio::test]
async fn random_bytes_are_as_many_as_were_asked_for() {
    let setup = Setup::new("", budgets(), true).await;
    let (result, _) = setup.act("random", "").await;
    assert_eq!(result.unwrap(), json!({ "length": 5462 }), "4,096 bytes in base64url");
}

#[tokio::test]
async fn harm_does_not_hold_up_other_calls() {
    let setup = Setup::new("", budgets(), true).await;
    let loops = async {
        for (result, _) in futures_util::future::join_all((0..16).map(|_| setup.act("loop", ""))).await {
            assert_eq!(result, Err(CallError::Cpu));
        }
    };
    let good = async {
        for _ in 0..16 {
            setup.behaves().await;
        }
    };
    tokio::join!(loops, good);
}

#[tokio::test]
async fn log_flood_is_cut_off_and_costs_the_budget_alone() {
    let setup = Setup::new("", budgets(), true).await;
    let (_, report) = setup.act("log-flood", "").await;
    let kept: usize = report.log.iter().map(|line| line.text.len()).sum();
    assert!(kept <= budgets().log_bytes + 16, "{kept}");
    assert_eq!(report.log.last(), Some(&WrittenLine::truncated()));
    setup.behaves().await;
}

#[tokio::test]
async fn secrets_in_logs_are_masked_and_lines_cannot_be_forged() {
    let setup = Setup::new("", budgets(), true).await;
    let (result, report) = setup.act("log-secrets", "").await;
    result.unwrap();
    let log = report.log.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert_eq!(report.log.len(), 2, "{log}");
    for hidden in [SECRET, "8613012345678", "493021"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[tokio::test]
async fn request_storm_ends_at_the_budget() {
    let provider = answering(http("200 OK", "{}"));
    let setup = Setup::with(&provider).await;
    let (result, report) = setup.act("request-storm", "https://provider.example/").await;
    assert_eq!(result.unwrap(), json!({ "answers": 8 }));
    assert_eq!(provider.received().len(), 8);
    assert_eq!(report.exchanges.len(), 8);
    assert_eq!(report.host_calls, 100, "refused ones are counted too");
}

#[tokio::test]
async fn a_provider_that_hangs_drips_or_never_ends_costs_the_budget_alone() {
    let hang = |stream: &mut std::net::TcpStream| {
        let _ = stream.read(&mut [0; 1]);
    };
    let drip = |stream: &mut std::net::TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::yield_now();
        }
    };
    let endless_header = |stream: &mut std::net::TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"x-more: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n").is_ok() {}
    };
    let huge = |stream: &mut std::net::TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 268435456\r\n\r\n");
        while stream.write_all(&[0; 8192]).is_ok() {}
    };
    let huge_without_length = |stream: &mut std::net::TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[0; 8192]).is_ok() {}
    };
    let reset = |stream: &mut std::net::TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    };
    for (provider, code) in [
        (Provider::start(hang), "unreachable"),
        (Provider::start(drip), "unreachable"),
        (Provider::start(endless_header), "unreachable"),
        (Provider::start(huge), "invalid-response"),
        (Provider::start(huge_without_length), "invalid-response"),
        (Provider::start(reset), "unreachable"),
    ] {
        let setup = Setup::with(&provider).await;
        let (result, report) = setup.act("request", "https://provider.example/").await;
        let Err(CallError::Failure(failure)) = result else { panic!("{code}: {result:?}") };
        assert_eq!(failure.code, code);
        assert!(report.wall < budgets().wall);
        setup.behaves().await;
    }
}

#[tokio::test]
async fn a_connector_that_never_gives_up_is_ended_by_the_wall_clock() {
    let provider = Provider::start(|stream| {
        let _ = stream.read(&mut [0; 1]);
    });
    let tight = Budgets { wall: Duration::from_millis(200), fetch: Duration::from_secs(10), ..budgets() };
    let setup = Setup::new(&format!("https://provider.example={}", provider.address), tight, true).await;
    let (result, _) = setup.act("retry-for-ever", "https://provider.example/").await;
    assert!(matches!(result, Err(CallError::Wall | CallError::HostCalls)), "{result:?}");
    setup.behaves().await;
}

#[tokio::test]
async fn ssrf_and_redirects_are_refused_by_name() {
    let provider = answering(
        b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/meta-data\r\ncontent-length: 0\r\n\r\n"
            .to_vec(),
    );
    let setup = Setup::with(&provider).await;
    let (result, _) = setup.act("request", "https://provider.example/").await;
    assert_eq!(result.unwrap(), json!({ "status": 302 }), "a redirect is the connector's to read, not to follow");
    for (url, words) in [
        ("https://other.example/", "allow-list"),
        ("https://provider.example.other.example/", "allow-list"),
        ("https://provider.example:8443/", "allow-list"),
        ("https://169.254.169.254/", "allow-list"),
        ("https://user:password@provider.example/", "user name"),
        ("file:///etc/passwd", "no host"),
        ("provider.example", "not valid"),
    ] {
        let (result, _) = setup.act("request", url).await;
        let Err(CallError::Failure(failure)) = result else { panic!("{url}: {result:?}") };
        assert!(failure.message.contains(words), "{url}: {}", failure.message);
    }
    // A host that an admin entered is as little trusted: decimal, octal and hexadecimal forms, and IPv4 within IPv6.
    for (url, open, words) in [
        ("https://2852039166/", "169.254.169.254", "private address"),
        ("https://0xa9fea9fe/", "169.254.169.254", "private address"),
        ("https://0251.0376.0251.0376/", "169.254.169.254", "private address"),
        ("https://169.254.169.254/", "https://169.254.169.254/", "private address"),
        ("https://[::1]/", "[::1]", "private address"),
        ("https://[::ffff:10.0.0.1]/", "[::ffff:a00:1]", "private address"),
        ("https://[64:ff9b::a00:1]/", "[64:ff9b::a00:1]", "private address"),
        ("https://[2002:a00:1::]/", "[2002:a00:1::]", "private address"),
        ("http://169.254.169.254/", "http://169.254.169.254/", "only https"),
        ("https://localhost/", "localhost", "private address"),
    ] {
        let config = json!({ "act": "request", "url": url, "open": open, "secret": SECRET });
        let (result, _) = setup.act_with(config).await;
        let Err(CallError::Failure(failure)) = result else { panic!("{url}: {result:?}") };
        assert!(failure.message.contains(words), "{url}: {}", failure.message);
    }
    for act in ["huge-request", "forge-host"] {
        let (result, _) = setup.act(act, "https://provider.example/").await;
        assert!(matches!(result, Err(CallError::Failure(_))), "{act}: {result:?}");
    }
    assert_eq!(provider.received().len(), 1);
}
