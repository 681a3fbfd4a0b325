//! The load generator of `cargo xtask bench`: starts a release server, drives it over real HTTP on the same machine, and
//! prints a table and one JSON document. Speeds of the raw primitives, measured in the same run, stand beside those of the
//! server.

mod aliyun;
mod baseline;
mod client;
mod connector;
mod floods;
mod flows;
mod measure;
mod platform;
mod report;
mod server;
mod users;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use measure::{Rate, rate};
use report::Report;
use server::Server;

#[derive(Parser)]
struct Arguments {
    /// The server's binary
    #[arg(long)]
    keyway: Option<PathBuf>,
    /// Measure this flow alone, such as "sign-in by code"
    #[arg(long)]
    only: Option<String>,
    /// Measure the calls of this component instead
    #[arg(long)]
    connector: Option<PathBuf>,
    /// Measure the connector platform instead
    #[command(flatten)]
    platform: Option<platform::Parts>,
    /// Measure the list of this many users instead
    #[arg(long)]
    users: Option<usize>,
    /// Measure the server beside strangers who flood it instead
    #[arg(long)]
    floods: bool,
    /// Name of the database in the report
    #[arg(long)]
    name: String,
    /// Its address; SQLite in a temporary folder when absent
    #[arg(long)]
    database_url: Option<String>,
    /// Seconds of each round
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Rounds of each measurement
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections at once
    #[arg(long, default_value_t = 32)]
    connections: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let plan = measure::Plan::new(&arguments);
    if let Some(component) = &arguments.connector {
        let (component, name) = (std::fs::read(component)?, arguments.name.clone());
        return tokio::task::spawn_blocking(move || {
            let measured = connector::measure(&plan, &component)?;
            let mut report = Report::new(&name);
            report.microseconds("native work of a call", &measured.native, None);
            report.microseconds("call in a fresh instance", &measured.fresh, Some(&measured.native));
            report.per_second("calls on one core", &measured.one_core);
            report.per_second("calls on two cores", &measured.two_cores);
            report.print();
            Ok(())
        })
        .await?;
    }
    if let Some(parts) = &arguments.platform {
        let mut report = Report::new(&arguments.name);
        platform::measure(&plan, parts, &mut report).await?;
        report.print();
        return Ok(());
    }
    if let Some(count) = arguments.users {
        let mut report = Report::new(&arguments.name);
        users::measure(&plan, arguments.database_url.as_deref(), count, &mut report).await?;
        report.print();
        return Ok(());
    }
    let keyway = arguments.keyway.as_deref().context("--keyway is missing")?;
    let aliyun = aliyun::Aliyun::start().await?;
    let server = Arc::new(Server::start(keyway, &arguments, &aliyun).await?);
    let mut report = Report::new(&arguments.name);
    if arguments.floods {
        let setup = Arc::new(flows::Setup::new(&server, &aliyun).await?);
        floods::measure(&plan, setup, &mut report).await?;
        report.print();
        return Ok(());
    }
    report.milliseconds("cold start to first answer", &server.cold_starts);
    report.megabytes("resident memory at rest", server.resident_megabytes()?);
    let setup = Arc::new(flows::Setup::new(&server, &aliyun).await?);
    let wanted = |name: &str| arguments.only.as_ref().is_none_or(|only| only == name);
    let signing = wanted("client credentials").then(|| baseline::es384(&plan));
    let hashing = wanted("sign-in by password").then(|| baseline::argon2id(&plan));
    for (name, raw) in [("raw ES384 signatures", &signing), ("raw argon2id hashes", &hashing)] {
        if let Some(raw) = raw {
            report.rate(name, raw, None);
        }
    }
    for (name, flow, base) in [
        ("discovery", flows::Flow::Discovery, None),
        ("user info", flows::Flow::UserInfo, None),
        ("refresh", flows::Flow::Refresh, None),
        ("client credentials", flows::Flow::ClientCredentials, signing.as_ref()),
        ("sign-in by code", flows::Flow::Code, None),
        ("sign-in by password", flows::Flow::Password, hashing.as_ref()),
    ] {
        if !wanted(name) {
            continue;
        }
        let before = server.transactions().await?;
        let measured: Rate = rate(&plan, Arc::clone(&setup), flow).await?;
        let transactions = server.transactions().await? - before;
        report.rate(name, &measured, base);
        if matches!(flow, flows::Flow::Code | flows::Flow::Password) {
            report.number(&format!("transactions per {name}"), transactions / f64::from(measured.total));
        }
    }
    report.megabytes("resident memory after the load", server.resident_megabytes()?);
    report.megabytes("peak resident memory", server.peak_megabytes()?);
    report.print();
    Ok(())
}
