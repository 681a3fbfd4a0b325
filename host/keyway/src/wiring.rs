//! Puts the rooms together.

use std::sync::Arc;

use anyhow::Context as _;
use keyway_core::{Core, Parts};
use keyway_model::{Clock, Rng};
use keyway_sandbox::{Compiler, EgressPolicy, Sandbox};
use keyway_store::Store;

use crate::master_key;
use crate::settings::ServerSettings;
use crate::system::{SystemClock, SystemRng};

include!(concat!(env!("OUT_DIR"), "/connectors.rs"));

/// A core on the configured database: the server's, with the official connectors, or a command's.
pub async fn core(settings: &ServerSettings, egress: EgressPolicy, connectors: bool) -> anyhow::Result<Arc<Core>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    settings.validate()?;
    let (master_key, made) = master_key::open(settings, &*rng)?;
    let opened = Store::open(&settings.database_url(), Arc::clone(&rng)).await.context("the database cannot be opened");
    if let Some(path) = &made
        && let Ok(store) = &opened
        && store.has_secrets().await?
    {
        std::fs::remove_file(path).with_context(|| format!("{path} cannot be removed"))?;
        anyhow::bail!("this database was sealed with a master key that is not here: put it back as {path}");
    }
    let store = opened?;
    if let Some(path) = made {
        eprintln!("A master key was made: {path}\nBack it up: without it the stored secrets cannot be read.");
    }
    let pooling = connectors && settings.sandbox_pooling.unwrap_or(true);
    let sandbox = Sandbox::new(keyway_sandbox::EngineSettings {
        cache: settings.data_dir().join("compiled"),
        cache_key: master_key.derive("compiled-components"),
        pooling,
        compiler: Some(compiler()?),
        budgets: settings.budgets(),
        egress,
        transport: None,
        clock: Arc::clone(&clock),
        rng: Arc::clone(&rng),
    });
    let sandbox = sandbox.with_context(|| {
        let hint = "; where virtual memory is limited, KEYWAY_SANDBOX_POOLING=false reserves none ahead";
        format!("the sandbox cannot start{}", if pooling { hint } else { "" })
    })?;
    let parts = Parts {
        store,
        sandbox,
        clock,
        rng,
        master_key,
        endpoint: settings.endpoint()?,
        admin_endpoint: settings.admin_endpoint()?,
        password_cost: keyway_core::password::Cost::default(),
        limits: settings.limits(),
        retention: settings.retention(),
        trust: settings.trust(),
    };
    let opened = if connectors { Core::open(parts, CONNECTORS).await } else { Core::open_beside(parts).await };
    opened.context("the server cannot start on this database")
}

/// This program compiles components, in a process of its own.
fn compiler() -> anyhow::Result<Compiler> {
    let program = std::env::current_exe().context("the server's own program cannot be found")?;
    Ok(Compiler { program, arguments: vec!["compile-component".into()] })
}
