//! A release server in a temporary folder.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::Arguments;
use crate::aliyun::Aliyun;
use crate::client::Client;

/// Starts that are timed.
const STARTS: usize = 5;

/// A running server.
pub struct Server {
    /// Port of the users' tenant.
    pub port: u16,
    /// Id and secret of a machine with access to the Management API.
    pub machine: (String, String),
    /// Milliseconds from start to first answer.
    pub cold_starts: Vec<f64>,
    metrics: u16,
    child: Child,
    _folder: TempDir,
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Server {
    /// Starts it several times on the same data, times each, and leaves the last running.
    pub async fn start(keyway: &Path, arguments: &Arguments, aliyun: &Aliyun) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("keyway.toml");
        // Every message goes to a few numbers here.
        let limits = ["sends_per_recipient_minute", "sends_per_recipient_hour", "sends_per_recipient_day"];
        let lines: Vec<String> = limits.iter().map(|name| format!("{name} = 0")).collect();
        std::fs::write(&config, format!("[limits]\n{}\n", lines.join("\n")))?;
        let (port, admin, metrics) = (free_port()?, free_port()?, free_port()?);
        let command = |first: &str| {
            let mut command = Command::new(keyway);
            command.arg(first).env("KEYWAY_CONFIG", &config).env("KEYWAY_DATA_DIR", folder.path().join("data"));
            command.env("KEYWAY_PORT", port.to_string()).env("KEYWAY_ADMIN_PORT", admin.to_string());
            command
                .env("KEYWAY_METRICS_PORT", metrics.to_string())
                .env("KEYWAY_LOG", "warn")
                .env("KEYWAY_EXEMPT_LOCAL", (!arguments.floods).to_string());
            command.env(
                "KEYWAY_EGRESS_REWRITE",
                format!("https://dysmsapi.aliyuncs.com=http://127.0.0.1:{}", aliyun.port),
            );
            if let Some(url) = &arguments.database_url {
                command.env("KEYWAY_DATABASE_URL", url);
            }
            command.kill_on_drop(true).stdout(Stdio::null());
            command
        };
        let mut cold_starts = Vec::new();
        let mut child: Option<Child> = None;
        for _ in 0..=STARTS {
            if let Some(mut child) = child.take() {
                child.kill().await?;
            }
            let start = Instant::now();
            let mut started = command("serve").spawn().context("the server cannot be started")?;
            while answers(port).await.is_err() {
                anyhow::ensure!(started.try_wait()?.is_none(), "the server ended");
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            cold_starts.push(start.elapsed().as_secs_f64() * 1000.0);
            child = Some(started);
        }
        // The first start makes database, keys and compiled connectors.
        cold_starts.remove(0);
        let made = command("admin").args(["create-m2m", "--json"]).stdout(Stdio::piped()).output().await?;
        let made: serde_json::Value = serde_json::from_slice(&made.stdout)?;
        let field = |name: &str| made.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let machine = (field("id"), field("secret"));
        Ok(Self { port, machine, cold_starts, metrics, child: child.context("no server")?, _folder: folder })
    }

    fn memory(&self, field: &str) -> anyhow::Result<f64> {
        let id = self.child.id().context("the server ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find(|line| line.starts_with(field)).context("memory")?;
        let kilobytes: f64 = line.split_ascii_whitespace().nth(1).context("memory")?.parse()?;
        Ok(kilobytes / 1000.0)
    }

    /// Resident megabytes now.
    pub fn resident_megabytes(&self) -> anyhow::Result<f64> {
        self.memory("VmRSS")
    }

    /// The most resident megabytes so far.
    pub fn peak_megabytes(&self) -> anyhow::Result<f64> {
        self.memory("VmHWM")
    }

    /// Write transactions since the start.
    pub async fn transactions(&self) -> anyhow::Result<f64> {
        let mut client = Client::connect(self.metrics).await?;
        let answer = client.request("GET", "/metrics", None, None).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let line = text.lines().find(|line| line.starts_with("keyway_store_transactions_total")).context("metric")?;
        Ok(line.rsplit(' ').next().context("metric")?.parse()?)
    }
}

async fn answers(port: u16) -> anyhow::Result<()> {
    let mut client = Client::connect(port).await?;
    client.request("GET", "/oidc/.well-known/openid-configuration", None, None).await?.json().map(|_| ())
}
