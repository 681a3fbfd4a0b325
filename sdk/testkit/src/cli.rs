//! `keyway connector …`

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use keyway_core::connectors::check_upload;
use keyway_sandbox::Sandbox;

use crate::lines::step;
use crate::project::{Language, Project};
use crate::publish::{Reach, Server, dev, publish};
use crate::record::{Recording, record};
use crate::stage::Stage;
use crate::suite::{Totals, run_suite};
use crate::{bindings, build, case, conformance, new, sdk, sign, suite};

/// Commands for connector authors; each works in the project's folder, without a server.
#[derive(Debug, Subcommand)]
pub enum ConnectorCommand {
    /// Make a project that builds and passes its tests
    New {
        /// Its name and factory id, such as acme-sms
        name: String,
        /// What it does
        #[arg(long, value_enum, default_value = "sms")]
        kind: new::Kind,
        /// What it is written in; `bindings` begins one in another language
        #[arg(long, value_enum, default_value = "rust")]
        lang: Language,
    },
    /// Replace the SDK in the project's folder by the one that this program brings
    Update {
        /// The project's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Write the contract and C bindings, for a language without an SDK
    Bindings {
        /// Where to
        #[arg(default_value = "bindings")]
        folder: PathBuf,
        /// sms-connector, email-connector, social-connector or social-token-connector
        #[arg(long, default_value = "sms-connector")]
        world: String,
    },
    /// Build the component into dist/
    Build {
        /// The project's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// The server's own checks of an upload
    Check {
        /// A component, or a project's folder
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Run the cases and the conformance kit against the built component
    Test {
        /// The project's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// The component, where it is not the project's dist/<name>.wasm
        #[arg(long)]
        component: Option<PathBuf>,
        /// Leave the conformance kit out
        #[arg(long)]
        cases_only: bool,
    },
    /// Sign the component, in minisign's form
    Sign {
        /// A component, or a project's folder
        #[arg(default_value = ".")]
        path: PathBuf,
        /// The key; it is made when it is missing
        #[arg(long, env = "KEYWAY_SIGNING_KEY", default_value = "keyway-connector.key")]
        key: PathBuf,
    },
    /// Upload the component to a server
    Publish {
        /// A component, or a project's folder
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Where to
        #[command(flatten)]
        server: Server,
        /// How far
        #[command(flatten)]
        reach: Reach,
    },
    /// Build, upload and activate at every change
    Dev {
        /// The project's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Where to
        #[command(flatten)]
        server: Server,
    },
    /// Make a call to the live provider and write it as a case, without its secrets
    Record(Recording),
    /// Make the call of one case and show what it costs
    Call {
        /// File of the case, or of several
        file: PathBuf,
        /// Which one, by its name or the beginning of it; the file's first when absent
        #[arg(long)]
        case: Option<String>,
        /// The project's folder
        #[arg(long, default_value = ".")]
        folder: PathBuf,
    },
}

/// Runs a command.
pub async fn run(command: ConnectorCommand) -> anyhow::Result<()> {
    match command {
        ConnectorCommand::New { name, kind, lang } => new::new(Path::new(""), &name, kind, lang),
        ConnectorCommand::Update { folder } => update(&Project::open(&folder)?),
        ConnectorCommand::Bindings { folder, world } => {
            bindings::write(&world, &folder)?;
            step("written", format!("{}/, with the contract in keyway.wit", folder.display()));
            Ok(())
        }
        ConnectorCommand::Build { folder } => {
            let project = Project::open(&folder)?;
            let path = build::build(&project).await?;
            summary(&path)?;
            step("next", "keyway connector test");
            Ok(())
        }
        ConnectorCommand::Check { path } => check(&path).await,
        ConnectorCommand::Test { folder, component, cases_only } => {
            let totals = test(&folder, component.as_deref(), cases_only).await?;
            println!("{} passed, {} failed", totals.passed, totals.failed);
            if totals.failed > 0 {
                bail!("{} of {} failed", totals.failed, totals.passed + totals.failed);
            }
            Ok(())
        }
        ConnectorCommand::Sign { path, key } => sign::sign(&component(&path)?, &key),
        ConnectorCommand::Publish { path, server, reach } => publish(&component(&path)?, &server, reach).await,
        ConnectorCommand::Dev { folder, server } => dev(&Project::open(&folder)?, &server).await,
        ConnectorCommand::Record(recording) => record(&recording).await,
        ConnectorCommand::Call { file, case, folder } => call(&file, case.as_deref(), &folder).await,
    }
}

/// The component that a path means.
fn component(path: &Path) -> anyhow::Result<PathBuf> {
    Ok(if path.is_dir() { Project::open(path)?.component() } else { path.to_owned() })
}

fn summary(path: &Path) -> anyhow::Result<()> {
    let wasm = std::fs::read(path)?;
    let inspected = keyway_sandbox::inspect(&wasm).map_err(keyway_sandbox::LoadError)?;
    step("built", format!("{} ({} kB)", path.display(), wasm.len() / 1000));
    step("digest", Sandbox::digest(&wasm));
    step("hosts", inspected.manifest.hosts.join(", "));
    Ok(())
}

async fn check(path: &Path) -> anyhow::Result<()> {
    let path = component(path)?;
    let wasm = std::fs::read(&path)
        .with_context(|| format!("{} is missing: run `keyway connector build` first", path.display()))?;
    let (sandbox, _) = Stage::default().into_sandbox()?;
    match check_upload(&sandbox, &wasm).await {
        Ok(_) => {
            step("ok", format!("{} would be accepted", path.display()));
            Ok(())
        }
        Err(error) => {
            for problem in &error.0 {
                step("refused", format!("{}: {problem}", problem.code.code()));
            }
            bail!("{} would be refused", path.display())
        }
    }
}

/// Runs a project's cases and the kit.
pub async fn test(folder: &Path, component: Option<&Path>, cases_only: bool) -> anyhow::Result<Totals> {
    let path = match component {
        Some(path) => path.to_owned(),
        None => Project::open(folder)?.component(),
    };
    let wasm = std::fs::read(&path)
        .with_context(|| format!("{} is missing: run `keyway connector build` first", path.display()))?;
    let cases = case::read(&folder.join("cases"))?;
    if cases.is_empty() {
        bail!(
            "{} holds no case: describe a call and the provider's answer in a JSON file there",
            folder.join("cases").display()
        );
    }
    let (sandbox, stage) = Stage::default().into_sandbox()?;
    stage.set("2026-01-02T03:04:05Z", "07", &[])?;
    let component = check_upload(&sandbox, &wasm).await?;
    let mut totals = Totals::default();
    run_suite(&sandbox, &stage, &component, &cases, &mut totals).await?;
    if !cases_only {
        conformance::conform(&sandbox, &stage, &component, &cases, &mut totals).await?;
    }
    Ok(totals)
}

/// Replaces a project's SDK.
fn update(project: &Project) -> anyhow::Result<()> {
    if !project.has_own_sdk {
        bail!("{} holds no SDK of its own", project.folder.display());
    }
    sdk::unpack(&project.folder, project.language)?;
    step("updated", format!("{}/{}", project.folder.display(), sdk::FOLDER));
    step("next", "keyway connector build && keyway connector test");
    Ok(())
}

async fn call(file: &Path, name: Option<&str>, folder: &Path) -> anyhow::Result<()> {
    let wasm = std::fs::read(Project::open(folder)?.component()).context("run `keyway connector build` first")?;
    let case = case::choose(file, name)?;
    step("case", &case.name);
    let (sandbox, stage) = Stage::default().into_sandbox()?;
    let component = check_upload(&sandbox, &wasm).await?;
    stage.set(&case.now, &case.random, &case.exchanges)?;
    let (result, report) = suite::play(&sandbox, &component, &case).await;
    match result {
        Ok(text) => step("result", text),
        Err(error) => step("failure", error),
    }
    step("requests", report.exchanges.len());
    step("host calls", report.host_calls);
    step("wall", format!("{:.3} ms", report.wall.as_secs_f64() * 1000.0));
    step("cpu", format!("{} ms, in steps of 5", report.cpu.as_millis()));
    step("memory", format!("{} kB", report.memory / 1000));
    report.log.iter().for_each(|line| step("log", line));
    stage.problems().iter().for_each(|problem| step("note", problem));
    Ok(())
}
