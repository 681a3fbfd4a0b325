//! Builds every crate under `connectors/` and turns its core module into a component, as an outside author would.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{packages, paths, process};

const TARGET: &str = "wasm32-unknown-unknown";

/// A component that only the sandbox's tests run.
const FIXTURES: [&str; 1] = ["hostile"];

/// Builds all connectors and the test components; returns the paths of the connectors.
pub fn build() -> anyhow::Result<Vec<PathBuf>> {
    packages::for_build()?;
    ensure_target()?;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(paths::root().join("connectors"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let mut cargo = process::cargo(&["build", "--profile", "connector", "--target", TARGET]);
    // 64 kB of stack: enough for flat parsing, and a fresh instance touches less memory.
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-Clink-arg=-zstack-size=65536");
    for name in names.iter().map(String::as_str).chain(FIXTURES) {
        cargo.args(["--package", name]);
    }
    process::run(&mut cargo)?;
    for name in FIXTURES {
        componentise(name, &paths::fixtures())?;
    }
    names.iter().map(|name| componentise(name, &paths::connectors())).collect()
}

fn componentise(name: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let module = paths::target().join(TARGET).join("connector").join(format!("{}.wasm", name.replace('-', "_")));
    let bytes = std::fs::read(&module).with_context(|| format!("{} is missing", module.display()))?;
    let component = wit_component::ComponentEncoder::default()
        .module(&bytes)
        .and_then(|encoder| encoder.validate(true).encode())
        .with_context(|| format!("{name} could not be made a component"))?;
    let path = folder.join(format!("{name}.wasm"));
    if std::fs::read(&path).ok().as_deref() != Some(component.as_slice()) {
        std::fs::write(&path, &component)?;
    }
    println!("{name}: {} kB", component.len() / 1000);
    Ok(path)
}

fn ensure_target() -> anyhow::Result<()> {
    let listed = Command::new("rustup").args(["target", "list", "--installed"]).current_dir(paths::root()).output();
    if listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|line| line == TARGET)) {
        return Ok(());
    }
    process::run(Command::new("rustup").args(["target", "add", TARGET]))
        .context("the wasm target is missing: run `rustup target add wasm32-unknown-unknown`")
}
