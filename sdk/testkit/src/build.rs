//! From source to a component with its manifest inside.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use keyway_sandbox::{MANIFEST_SECTION, Sandbox};
use wasm_encoder::{ComponentSection as _, CustomSection};

use crate::lines::step;
use crate::project::{Language, Project};
use crate::stage;

const TARGET: &str = "wasm32-unknown-unknown";

/// 64 kB of stack: enough for flat parsing, and a fresh instance touches less memory.
const FLAGS: &str = "-Clink-arg=-zstack-size=65536";

/// Builds a project's component into its `dist/`; returns its path.
pub async fn build(project: &Project) -> anyhow::Result<PathBuf> {
    let bare = match project.language {
        Language::Rust => rust(project)?,
        Language::Js => javascript(project)?,
        Language::Python => python(project)?,
    };
    let path = project.component();
    let sandbox = stage::sandbox()?;
    seal(&sandbox, &bare, &path).await?;
    Ok(path)
}

/// Builds several crates of one Cargo workspace at once, for the server's own connectors.
pub fn build_crates(root: &Path, names: &[String]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--profile", "connector", "--target", TARGET]).current_dir(root);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FLAGS);
    for name in names {
        cargo.args(["--package", name]);
    }
    run(&mut cargo)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = target.join(TARGET).join("connector");
    names.iter().map(|name| Ok((name.clone(), componentise(&module(&folder, name))?))).collect()
}

/// Writes the component with the manifest that it describes itself by. Nothing is written when it is there already.
pub async fn seal(sandbox: &Arc<Sandbox>, bare: &[u8], path: &Path) -> anyhow::Result<()> {
    let manifest = sandbox.describe_unsealed(bare).await?;
    keyway_sandbox::read_manifest(&manifest).map_err(keyway_sandbox::LoadError)?;
    let mut component = bare.to_vec();
    CustomSection { name: MANIFEST_SECTION.into(), data: manifest.as_bytes().into() }
        .append_to_component(&mut component);
    if std::fs::read(path).ok().as_deref() != Some(component.as_slice()) {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, &component)?;
    }
    Ok(())
}

fn module(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{}.wasm", name.replace('-', "_")))
}

fn componentise(module: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(module).with_context(|| format!("{} is missing", module.display()))?;
    wit_component::ComponentEncoder::default()
        .module(&bytes)
        .and_then(|encoder| encoder.validate(true).encode())
        .with_context(|| format!("{} could not be made a component", module.display()))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = format!("{command:?}");
    let status = command.status().with_context(|| format!("could not start {name}"))?;
    if !status.success() {
        bail!("{name} failed");
    }
    Ok(())
}

fn rust(project: &Project) -> anyhow::Result<Vec<u8>> {
    ensure_target()?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--target", TARGET]).current_dir(&project.folder);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FLAGS);
    step("cargo", format!("build --release --target {TARGET}"));
    run(&mut cargo)?;
    let metadata = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(&project.folder)
        .output()
        .context("cargo metadata failed")?;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).context("cargo metadata failed")?;
    let target = metadata.get("target_directory").and_then(serde_json::Value::as_str).unwrap_or("target");
    componentise(&module(&Path::new(target).join(TARGET).join("release"), &project.name))
}

/// Adds the wasm target where rustup can, or says what is missing.
pub fn ensure_target() -> anyhow::Result<()> {
    let listed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    if listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|line| line == TARGET)) {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", TARGET]))
        .context("the wasm target is missing: run `rustup target add wasm32-unknown-unknown`")
}

/// The contract's text, for SDKs that make bindings while they build.
const CONTRACT: [(&str, &str); 2] = [
    ("deps/keyway-connector/connector.wit", include_str!("../../../wit/connector.wit")),
    ("deps/keyway-host/host.wit", include_str!("../../../wit/deps/keyway-host/host.wit")),
];

/// A folder with the contract, for as long as it is kept.
fn contract() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for (name, text) in CONTRACT {
        let path = folder.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(folder)
}

fn javascript(project: &Project) -> anyhow::Result<Vec<u8>> {
    if !project.folder.join("node_modules").is_dir() {
        step("npm", "install");
        run(Command::new("npm")
            .args(["install", "--install-links", "--no-audit", "--no-fund"])
            .current_dir(&project.folder))
        .context("JavaScript connectors need Node.js 20 with npm")?;
    }
    step("npm", "run build");
    let contract = contract()?;
    let mut npm = Command::new("npm");
    run(npm.args(["run", "--silent", "build"]).current_dir(&project.folder).env("KEYWAY_WIT", contract.path()))?;
    let built = project.folder.join("dist").join("component.wasm");
    std::fs::read(&built).with_context(|| format!("the project's build script must write {}", built.display()))
}

fn python(project: &Project) -> anyhow::Result<Vec<u8>> {
    let environment = project.folder.join(".venv");
    let program = environment.join("bin").join("python");
    if !program.exists() {
        step("python3", "-m venv .venv");
        run(Command::new("python3").args(["-m", "venv", ".venv"]).current_dir(&project.folder))
            .context("Python connectors need Python 3.11 or newer with venv")?;
        step("pip", "install -r requirements.txt");
        let mut pip = Command::new(&program);
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"];
        run(pip.args(install).current_dir(&project.folder))?;
    }
    step("python", "-m keyway_connector.build");
    let contract = contract()?;
    let mut build = Command::new(&program);
    build.args(["-m", "keyway_connector.build"]).current_dir(&project.folder).env("KEYWAY_WIT", contract.path());
    run(&mut build)?;
    let built = project.folder.join("dist").join("component.wasm");
    std::fs::read(&built).with_context(|| format!("the build must write {}", built.display()))
}
