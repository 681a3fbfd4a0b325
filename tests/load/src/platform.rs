//! The connector platform: loading, many connectors at once, other languages, uploads, and a good connector beside a hostile one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use keyway_model::connector::Manifest;
use keyway_model::{Clock, Rng, Timestamp};
use keyway_sandbox::{
    Budgets, Compiler, Component, Context as CallContext, EgressPolicy, EngineSettings, FetchError, Message, Request,
    Response, Sandbox, Transport,
};
use serde_json::{Value, json};

use crate::measure::Plan;
use crate::report::Report;

/// What is measured.
#[derive(Debug, clap::Args)]
pub struct Parts {
    /// Folder of the official connectors
    #[arg(long, required = false)]
    connectors: PathBuf,
    /// The component that does harm
    #[arg(long, required = false)]
    hostile: PathBuf,
    /// A component written in JavaScript
    #[arg(long, required = false)]
    javascript: PathBuf,
    /// A component written in Python
    #[arg(long, required = false)]
    python: PathBuf,
    /// The server's binary, which compiles uploads
    #[arg(long, required = false)]
    compiler: PathBuf,
}

/// The clock, a fixed random source, and a provider whose answer every connector of this measurement takes for a success.
pub struct World;

impl Clock for World {
    #[expect(clippy::disallowed_methods, reason = "a benchmark has the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or_default())
    }
}

impl Rng for World {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

const ANSWER: &str = r#"{"Code":"OK","Message":"OK","RequestId":"r","BizId":"b","success":true,"data":{"id":1},
    "message-count":"1","messages":[{"status":"0","message-id":"m"}]}"#;

#[async_trait::async_trait]
impl Transport for World {
    async fn carry(&self, _: Request) -> Result<Response, FetchError> {
        Ok(Response { status: 200, headers: Vec::new(), body: ANSWER.into() })
    }
}

fn sandbox(cache: &Path, compiler: Option<Compiler>) -> anyhow::Result<Arc<Sandbox>> {
    Sandbox::new(EngineSettings {
        cache: cache.to_owned(),
        cache_key: [1; 32],
        pooling: true,
        compiler,
        budgets: Budgets::default(),
        egress: EgressPolicy::default(),
        transport: Some(Arc::new(World)),
        clock: Arc::new(World),
        rng: Arc::new(World),
    })
}

/// A figure of this process in `/proc/self/status`, in megabytes.
fn memory(name: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).context("no such figure")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1000.0)
}

/// Measures all parts.
pub async fn measure(plan: &Plan, parts: &Parts, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let sandbox = sandbox(folder.path(), None)?;
    let mut official = Vec::new();
    for entry in std::fs::read_dir(&parts.connectors)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            official.push(std::fs::read(path)?);
        }
    }
    let mut known = Vec::new();
    for wasm in &official {
        let component = sandbox.load(wasm).await?;
        known.push((component.digest().to_owned(), component.manifest().clone()));
    }
    from_cache(plan, &sandbox, &known, report)?;
    many(&sandbox, &known, report)?;
    for (name, path) in [("JavaScript", &parts.javascript), ("Python", &parts.python)] {
        let component = sandbox.load(&std::fs::read(path)?).await?;
        let context = sample(&component)?;
        send(&sandbox, &component, &context).await?;
        let mut rounds = Vec::new();
        for _ in 0..plan.rounds {
            let (start, mut count) = (Instant::now(), 0);
            while start.elapsed() < plan.round {
                send(&sandbox, &component, &context).await?;
                count += 1;
            }
            rounds.push(start.elapsed().as_secs_f64() * 1000.0 / f64::from(count));
        }
        report.milliseconds(&format!("call in {name}"), &rounds);
    }
    beside_hostile(plan, &sandbox, parts, report).await?;
    drop(sandbox);
    let aliyun = parts.connectors.join("aliyun-sms.wasm");
    for (name, path) in [("Rust", &aliyun), ("JavaScript", &parts.javascript), ("Python", &parts.python)] {
        upload(name, &std::fs::read(path)?, parts, report).await?;
    }
    Ok(())
}

fn from_cache(
    plan: &Plan,
    sandbox: &Arc<Sandbox>,
    official: &[(String, Arc<Manifest>)],
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut each, mut all) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds * 5 {
        let round = Instant::now();
        for (digest, manifest) in official {
            let start = Instant::now();
            sandbox.load_cached(digest, manifest).context("it is not in the cache")?;
            each.push(start.elapsed().as_secs_f64() * 1e6);
        }
        all.push(round.elapsed().as_secs_f64() * 1000.0);
    }
    report.microseconds("load from the cache", &each, None);
    report.milliseconds(&format!("all {} official connectors", official.len()), &all);
    Ok(())
}

fn many(sandbox: &Arc<Sandbox>, official: &[(String, Arc<Manifest>)], report: &mut Report) -> anyhow::Result<()> {
    const COUNT: u16 = 500;
    let (before, own) = (memory("VmRSS")?, memory("RssAnon")?);
    let mut loaded = Vec::new();
    for (digest, manifest) in official.iter().cycle().take(usize::from(COUNT)) {
        loaded.push(sandbox.load_cached(digest, manifest).context("it is not in the cache")?);
    }
    report.number("memory of a loaded connector, MB", (memory("VmRSS")? - before) / f64::from(COUNT));
    // The rest is pages of files in the cache, which the system takes back when it needs them.
    report.number("of it the process's own, MB", (memory("RssAnon")? - own) / f64::from(COUNT));
    drop(loaded);
    Ok(())
}

fn sample(component: &Component) -> anyhow::Result<CallContext> {
    Ok(CallContext::new(component.manifest().sample.clone().context("the manifest has no sample")?))
}

fn message() -> Message {
    Message {
        to: "8613012345678".into(),
        usage: "SignIn".into(),
        payload: json!({ "code": "123456" }).to_string(),
        locale: None,
        template: None,
    }
}

async fn send(sandbox: &Arc<Sandbox>, component: &Component, context: &CallContext) -> anyhow::Result<()> {
    sandbox.send(component, context, message()).await.0.map(|_| ()).context("the connector failed")
}

/// Time between two calls of the good connector.
const PACE: Duration = Duration::from_millis(2);

/// Hostile calls under way at once.
const HOSTILE: usize = 8;

async fn beside_hostile(plan: &Plan, sandbox: &Arc<Sandbox>, parts: &Parts, report: &mut Report) -> anyhow::Result<()> {
    let aliyun = std::fs::read(parts.connectors.join("aliyun-sms.wasm"))?;
    let good = sandbox.load(&aliyun).await?;
    let hostile = sandbox.load(&std::fs::read(&parts.hostile)?).await?;
    let context = Arc::new(sample(&good)?);
    let (mut quiet, mut loaded) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        quiet.push(p99(plan, sandbox, &good, &context).await?);
        let stop = Arc::new(AtomicBool::new(false));
        let mut attackers = tokio::task::JoinSet::new();
        for index in 0..HOSTILE {
            let act = ["loop", "memory-bomb", "log-flood", "host-call-flood"].get(index % 4).copied().unwrap_or("loop");
            let config: Value = json!({ "act": act, "secret": "hostile-secret" });
            let (sandbox, hostile, stop) = (Arc::clone(sandbox), Arc::clone(&hostile), Arc::clone(&stop));
            attackers.spawn(async move {
                let context = CallContext::new(config);
                while !stop.load(Ordering::Relaxed) {
                    let _ = sandbox.send(&hostile, &context, message()).await;
                }
            });
        }
        loaded.push(p99(plan, sandbox, &good, &context).await?);
        stop.store(true, Ordering::Relaxed);
        attackers.join_all().await;
    }
    report.microseconds("p99 of a call, quiet", &quiet, None);
    report.microseconds("p99 of a call beside hostile ones", &loaded, Some(&quiet));
    Ok(())
}

/// The 99th percentile of a call's time in microseconds, at a steady pace.
async fn p99(
    plan: &Plan,
    sandbox: &Arc<Sandbox>,
    good: &Arc<Component>,
    context: &Arc<CallContext>,
) -> anyhow::Result<f64> {
    let end = Instant::now() + plan.round;
    let mut calls = tokio::task::JoinSet::new();
    let mut pace = tokio::time::interval(PACE);
    while Instant::now() < end {
        pace.tick().await;
        let (sandbox, good, context) = (Arc::clone(sandbox), Arc::clone(good), Arc::clone(context));
        calls.spawn(async move {
            let start = Instant::now();
            send(&sandbox, &good, &context).await?;
            anyhow::Ok(start.elapsed().as_secs_f64() * 1e6)
        });
    }
    let mut times: Vec<f64> = calls.join_all().await.into_iter().collect::<Result<_, _>>()?;
    times.sort_by(f64::total_cmp);
    times.get(times.len() * 99 / 100).copied().context("no call was made")
}

async fn upload(name: &str, wasm: &[u8], parts: &Parts, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let compiler = Compiler { program: parts.compiler.clone(), arguments: vec!["compile-component".into()] };
    let sandbox = sandbox(folder.path(), Some(compiler))?;
    let before = memory("VmRSS")?;
    // proc_pid_clear_refs(5): 5 sets the peak to the present value.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let done = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&done);
    let heart = tokio::spawn(async move {
        let mut longest = Duration::ZERO;
        while !watched.load(Ordering::Relaxed) {
            let beat = Instant::now();
            tokio::time::sleep(Duration::from_millis(1)).await;
            longest = longest.max(beat.elapsed());
        }
        longest
    });
    let start = Instant::now();
    sandbox.admit(wasm).await?;
    let ready = start.elapsed();
    done.store(true, Ordering::Relaxed);
    let longest = heart.await?;
    report.milliseconds(&format!("upload in {name} until ready"), &[ready.as_secs_f64() * 1000.0]);
    report.milliseconds(&format!("longest stall of the server, {name}"), &[longest.as_secs_f64() * 1000.0]);
    report.megabytes(&format!("growth of the server, {name}"), memory("VmHWM")? - before);
    Ok(())
}
