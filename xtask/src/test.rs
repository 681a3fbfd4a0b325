//! `cargo xtask test`: every check, in the order in which a failure is cheapest.

use std::process::Command;

use anyhow::{Context as _, bail};

use crate::postgres::Postgres;
use crate::process::Steps;
use crate::{connectors, features, packages, paths, process, upgrade, work};

const PARTS: [&str; 8] = ["fmt", "features", "clippy", "unit", "work", "connectors", "clients", "upgrade"];

/// Runs the named parts, or all, and prints how long each took.
pub fn test(parts: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!("there is no part {unknown:?}; the parts are {}", PARTS.join(", "));
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|name| name == part);
    // These two read what is written and need nothing built.
    let readers = ["fmt", "features"];
    let builds = PARTS.iter().any(|part| wanted(part) && !readers.contains(part));
    let building = if builds { 1 + connectors::STEPS } else { 0 };
    let mut steps = Steps::new(building + PARTS.iter().filter(|part| wanted(part)).count());
    if wanted("fmt") {
        steps.run("fmt: format", || process::run(&mut process::cargo(&["fmt", "--all", "--check"])))?;
    }
    if wanted("features") {
        steps.run("features: each crate with one set", features::test)?;
    }
    if builds {
        built(&mut steps, wanted, !parts.is_empty())?;
    }
    steps.print_table();
    Ok(())
}

/// The parts that need components and a database.
fn built(steps: &mut Steps, wanted: impl Fn(&str) -> bool, are_named: bool) -> anyhow::Result<()> {
    steps.run("Looking for the programs that tests need", packages::for_tests)?;
    connectors::build(steps, false)?;
    if wanted("clippy") {
        let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        steps.run("clippy: lints", || process::run(&mut process::cargo(&clippy)))?;
    }
    let postgres = Postgres::start()?;
    if wanted("unit") {
        let mut tests = process::cargo(&["test", "--workspace", "--no-fail-fast"]);
        tests
            // A snapshot that is missing or differs fails; none is written.
            .env("INSTA_UPDATE", "no")
            .env("KEYWAY_TEST_POSTGRES", &postgres.url)
            .env("KEYWAY_CONNECTORS", paths::connectors())
            .env("KEYWAY_FIXTURES", paths::fixtures());
        if let Some(folder) = memory_folder() {
            tests.env("TMPDIR", folder);
        }
        steps.run("unit: tests on both databases", || process::run(&mut tests))?;
    }
    if wanted("work") {
        steps.run("work: of parsers on long input", work::test)?;
    }
    if wanted("connectors") {
        steps.run("connectors: cases and conformance", connectors::test)?;
    }
    if wanted("clients") {
        steps.run("clients: npm clients in a browser", || clients(&postgres))?;
    }
    if wanted("upgrade") {
        steps.run("upgrade: sign-ins that hop between versions", || upgrade::test(&postgres, are_named))?;
    }
    Ok(())
}

/// A folder in memory with room for the databases of tests, where the machine has one: flushing their commits to a disk is half of
/// the time that they take, and proves nothing there.
fn memory_folder() -> Option<&'static str> {
    let folder = "/dev/shm";
    let free = Command::new("df").args(["--output=avail", "-B", "1M", folder]).output().ok()?;
    let megabytes: u64 = String::from_utf8_lossy(&free.stdout).lines().nth(1)?.trim().parse().ok()?;
    (megabytes >= 1024).then_some(folder)
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

/// `npm` in the folder of the client tests.
pub fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(arguments).arg("--prefix").arg(paths::root().join("tests/clients"));
    npm
}
