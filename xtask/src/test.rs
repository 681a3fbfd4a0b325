//! `cargo xtask test`: every check, in the order in which a failure is cheapest.

use std::process::Command;

use anyhow::{Context as _, bail};

use crate::postgres::Postgres;
use crate::{connectors, packages, paths, process, work};

const PARTS: [&str; 6] = ["fmt", "clippy", "unit", "work", "connectors", "clients"];

/// Runs the named parts, or all.
pub fn test(parts: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!("there is no part {unknown:?}; the parts are {}", PARTS.join(", "));
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|name| name == part);
    if wanted("fmt") {
        process::run(&mut process::cargo(&["fmt", "--all", "--check"]))?;
    }
    packages::for_tests()?;
    connectors::build(false)?;
    if wanted("clippy") {
        process::run(&mut process::cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    }
    let postgres = Postgres::start()?;
    if wanted("unit") {
        let mut tests = process::cargo(&["test", "--workspace", "--no-fail-fast"]);
        process::run(
            tests
                .env("KEYWAY_TEST_POSTGRES", &postgres.url)
                .env("KEYWAY_CONNECTORS", paths::connectors())
                .env("KEYWAY_FIXTURES", paths::fixtures()),
        )?;
    }
    if wanted("work") {
        work::test()?;
    }
    if wanted("connectors") {
        connectors::test()?;
    }
    if wanted("clients") {
        clients(&postgres)?;
    }
    Ok(())
}

/// The real npm clients in a real browser against the built server.
fn clients(postgres: &Postgres) -> anyhow::Result<()> {
    process::run(&mut process::cargo(&["build", "--package", "keyway"]))?;
    install_clients()?;
    process::run(&mut npm(&["run", "build"]))?;
    let mut test = npm(&["test"]);
    test.env("KEYWAY_BIN", paths::target().join("debug/keyway")).env("KEYWAY_CONNECTORS", paths::connectors());
    test.env("KEYWAY_SCREENSHOTS", paths::target().join("screenshots"));
    process::run(test.env("KEYWAY_TEST_POSTGRES", &postgres.url))
}

/// What the client tests and the measurements in a browser load.
pub fn install_clients() -> anyhow::Result<()> {
    process::run(&mut npm(&["install", "--no-audit", "--no-fund"]))
        .context("the client tests need Node.js 20 and Chromium: apt-get install nodejs npm chromium")
}

fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(arguments).arg("--prefix").arg(paths::root().join("tests/clients"));
    npm
}
