//! From source to a component with its manifest inside.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use keyway_sandbox::{MANIFEST_SECTION, Sandbox};
use wasm_encoder::{ComponentSection as _, CustomSection};

use crate::lines::step;
use crate::project::{Language, Project};
use crate::{bindings, sdk, stage};

const TARGET: &str = "wasm32-unknown-unknown";

/// 64 kB of stack: enough for flat parsing, and a fresh instance touches less memory.
const FLAGS: &str = "-Clink-arg=-zstack-size=65536";

/// Builds a project's component into its `dist/`; returns its path.
pub async fn build(project: &Project) -> anyhow::Result<PathBuf> {
    sdk::ensure(project)?;
    let bare = match project.language {
        Language::Rust => rust(project)?,
        Language::Js => javascript(project)?,
        Language::Python => python(project)?,
        Language::Other => other(project)?,
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

/// A folder with the contract, for as long as it is kept: SDKs make bindings of it while they build.
fn contract() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for (name, text) in sdk::contract() {
        let name = if name.contains('/') { name.to_owned() } else { format!("deps/keyway-connector/{name}") };
        sdk::write(&folder.path().join(name), text)?;
    }
    Ok(folder)
}

/// The component that an interpreter's tool has written.
fn written(project: &Project) -> anyhow::Result<Vec<u8>> {
    let path = project.folder.join("dist").join("component.wasm");
    let component = std::fs::read(&path).with_context(|| format!("the build must write {}", path.display()))?;
    std::fs::remove_file(&path)?;
    Ok(component)
}

/// Whether what was installed from `list` is there; `stamp` is a copy of the list as it was then.
fn installed(list: &Path, stamp: &Path) -> bool {
    std::fs::read(stamp).is_ok_and(|then| std::fs::read(list).ok().as_deref() == Some(then.as_slice()))
}

fn javascript(project: &Project) -> anyhow::Result<Vec<u8>> {
    let lock = project.folder.join("package-lock.json");
    let stamp = project.folder.join("node_modules").join(".keyway-lock");
    if !installed(&lock, &stamp) {
        // Without a lock this is the author's own choice of versions; scripts of packages run in neither case.
        let command = if lock.exists() { "ci" } else { "install" };
        step("npm", command);
        let mut npm = Command::new("npm");
        npm.args([command, "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&project.folder);
        run(&mut npm).context("JavaScript connectors need Node.js 20 with npm, and npm's registry once")?;
        if lock.exists() {
            std::fs::copy(&lock, &stamp)?;
        }
    }
    step("npm", "run build");
    let contract = contract()?;
    let mut npm = Command::new("npm");
    run(npm.args(["run", "--silent", "build"]).current_dir(&project.folder).env("KEYWAY_WIT", contract.path()))?;
    written(project)
}

fn python(project: &Project) -> anyhow::Result<Vec<u8>> {
    let environment = project.folder.join(".venv");
    let program = environment.join("bin").join("python");
    let (list, stamp) = (project.folder.join("requirements.txt"), environment.join("keyway-requirements.txt"));
    if !program.exists() {
        step("python3", "-m venv .venv");
        run(Command::new("python3").args(["-m", "venv", ".venv"]).current_dir(&project.folder))
            .context("Python connectors need Python 3.11 or newer with venv")?;
    }
    if !installed(&list, &stamp) {
        step("pip", "install -r requirements.txt");
        let mut pip = Command::new(&program);
        // Wheels alone: nothing of a package runs while it is installed.
        let install =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r"];
        run(pip.args(install).arg("requirements.txt").current_dir(&project.folder))
            .context("the first build needs PyPI, for componentize-py")?;
        std::fs::copy(&list, &stamp)?;
    }
    let sdk = project.folder.join(python_sdk(project)?);
    step("python", "-m keyway_connector.build");
    let contract = contract()?;
    let mut build = Command::new(&program);
    build.args(["-m", "keyway_connector.build"]).current_dir(&project.folder);
    run(build.env("KEYWAY_WIT", contract.path()).env("PYTHONPATH", sdk).env("PYTHONDONTWRITEBYTECODE", "1"))?;
    written(project)
}

/// Where `pyproject.toml` says that the SDK is.
fn python_sdk(project: &Project) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(project.folder.join("pyproject.toml"))?;
    let value: toml::Table = text.parse().context("pyproject.toml cannot be read")?;
    let sdk = value.get("tool").and_then(|tool| tool.get("keyway")).and_then(|keyway| keyway.get("sdk"));
    let sdk = sdk.and_then(toml::Value::as_str).map(ToOwned::to_owned);
    sdk.context("pyproject.toml: [tool.keyway] has no sdk, such as sdk = \"keyway/sdk/python\"")
}

/// Runs the project's own build and makes a component of the module that it writes.
fn other(project: &Project) -> anyhow::Result<Vec<u8>> {
    let foreign = project.foreign.as_ref().context("connector.toml is missing")?;
    if let Some(folder) = &foreign.bindings {
        let folder = project.folder.join(folder);
        bindings::write(&foreign.world, &folder)?;
        if let Some(manifest) = &foreign.manifest {
            let path = project.folder.join(manifest);
            let text = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            sdk::write(&folder.join("manifest.h"), &bindings::array("KEYWAY_MANIFEST", &text))?;
        }
    }
    let (program, arguments) = foreign.build.split_first().context("connector.toml: build is empty")?;
    step("run", foreign.build.join(" "));
    run(Command::new(program).args(arguments).current_dir(&project.folder))?;
    let path = project.folder.join(&foreign.module);
    let bytes = std::fs::read(&path).with_context(|| format!("the build must write {}", path.display()))?;
    bindings::componentise(&bytes, &foreign.world)
        .with_context(|| format!("{} could not be made a component", path.display()))
}
