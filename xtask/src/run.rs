//! `cargo xtask run` and `cargo xtask build`.

use crate::{connectors, process};

/// Builds everything and starts the server with demo data.
pub fn run() -> anyhow::Result<()> {
    connectors::build()?;
    process::run(&mut process::cargo(&["run", "--package", "keyway", "--", "serve", "--demo"]))
}

/// Builds the release binary with the official connectors in it.
pub fn build() -> anyhow::Result<()> {
    connectors::build()?;
    process::run(&mut process::cargo(&["build", "--release", "--package", "keyway"]))
}
