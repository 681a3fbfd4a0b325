//! `cargo xtask run` and `cargo xtask build`.

use crate::{connectors, paths, process};

/// Builds everything and starts the server with demo data.
pub fn run() -> anyhow::Result<()> {
    connectors::build(false)?;
    let mut server = process::cargo(&["run", "--package", "keyway", "--", "serve", "--demo"]);
    if std::env::var_os("KEYWAY_DATA_DIR").is_none() {
        server.env("KEYWAY_DATA_DIR", paths::target().join("demo-data"));
    }
    process::run(&mut server)
}

/// Builds the release binary with the official connectors in it.
pub fn build() -> anyhow::Result<()> {
    connectors::build(true)?;
    process::run(&mut process::cargo(&["build", "--release", "--package", "keyway"]))
}
