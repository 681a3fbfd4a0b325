//! `keyway serve`: listeners, upkeep and shut-down.

use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use keyway_core::{Core, Cx, administrators};
use keyway_model::TenantId;
use keyway_web::{Metrics, Web, operations};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::demo::Demo;
use crate::listener;
use crate::settings::{LogFormat, ServerSettings};
use crate::wiring;

/// How long requests under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How often this node asks for jobs that are due.
const JOBS: Duration = Duration::from_secs(5);

fn start_log(settings: &ServerSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(settings.log.as_deref().unwrap_or("info")).context("log")?;
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match settings.log_format.unwrap_or(LogFormat::Human) {
        LogFormat::Human => builder.with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Serves until a signal says stop.
pub async fn serve(settings: ServerSettings, demo: bool) -> anyhow::Result<()> {
    start_log(&settings)?;
    let host = settings.host();
    let users = listener::bind(host, settings.port())?;
    let operators = listener::bind(host, settings.admin_port())?;
    let demo = if demo { Some(Demo::bind(settings.demo_port()).await?) } else { None };
    // Whoever tries the demo is on this machine.
    let exempts_local = settings.exempts_local() || demo.is_some();
    let mut egress = settings.egress()?;
    if let Some(demo) = &demo {
        egress = egress.with_rewrite(demo.rewrite()?);
    }
    let core = wiring::core(&settings, egress, true).await?;
    let (stop, stopped) = watch::channel(false);
    let connections = settings.connections()?;
    let mut servers = tokio::task::JoinSet::new();
    if let Some(demo) = demo {
        let router = demo.start(&core).await?;
        servers.spawn(listener::serve(router.0, router.1, connections.clone(), stopped.clone()));
    }
    let metrics = Metrics::default();
    let proxies = settings.trusted_proxies()?;
    let listeners = [(users, TenantId::default_tenant()), (operators, TenantId::admin())];
    for (listener, tenant) in listeners {
        let web = Web::new(Arc::clone(&core), tenant, proxies.clone(), metrics.clone())
            .exempting_local(exempts_local)
            .limiting_writes(settings.writes_per_minute());
        servers.spawn(listener::serve(listener, web.router(), connections.clone(), stopped.clone()));
    }
    if settings.metrics_port() > 0 {
        let listener = listener::bind(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), settings.metrics_port())?;
        let router = operations(Arc::clone(&core), metrics);
        servers.spawn(listener::serve(listener, router, connections.clone(), stopped.clone()));
    }
    let jobs = tokio::spawn(run_jobs(Arc::clone(&core)));
    greet(&settings, &core).await?;
    wait_for_signal().await?;
    tracing::info!("stopping");
    let _ = stop.send(true);
    jobs.abort();
    if let Err(error) = core.release_jobs().await {
        tracing::warn!(%error, "jobs were not given back");
    }
    let finish = async { while servers.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finish).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}

async fn run_jobs(core: Arc<Core>) {
    let mut interval = tokio::time::interval(JOBS);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = core.run_due_jobs().await {
            tracing::warn!(%error, "jobs cannot be read");
        }
    }
}

async fn greet(settings: &ServerSettings, core: &Arc<Core>) -> anyhow::Result<()> {
    let (users, admins) = (TenantId::default_tenant(), TenantId::admin());
    tracing::info!(address = core.endpoint(&users), port = settings.port(), "users sign in here");
    tracing::info!(address = core.endpoint(&admins), port = settings.admin_port(), "operators sign in here");
    if let Some(link) = administrators::first_link(&Cx::system(core, admins)).await? {
        println!("\nMake the first administrator with this link; it works once:\n  {link}\n");
    }
    Ok(())
}

async fn wait_for_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
