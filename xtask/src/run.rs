//! `cargo xtask run` and `cargo xtask build`.

use std::process::Command;

use crate::process::Steps;
use crate::{connectors, paths, process};

/// Builds everything and starts the server with demo data.
pub fn run() -> anyhow::Result<()> {
    let mut steps = Steps::new(connectors::STEPS + 1);
    connectors::build(&mut steps, false)?;
    steps.run("Building the server", || process::run(&mut process::cargo(&["build", "--package", "keyway"])))?;
    let mut server = Command::new(paths::target().join("debug/keyway"));
    server.args(["serve", "--demo"]);
    if std::env::var_os("KEYWAY_DATA_DIR").is_none() {
        server.env("KEYWAY_DATA_DIR", paths::target().join("demo-data"));
    }
    process::run(&mut server)
}

/// Builds the release binary with the official connectors in it.
pub fn build() -> anyhow::Result<()> {
    let mut steps = Steps::new(connectors::STEPS + 1);
    connectors::build(&mut steps, true)?;
    let server = ["build", "--release", "--package", "keyway"];
    steps.run("Building the server", || process::run(&mut process::cargo(&server)))
}
