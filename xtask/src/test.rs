//! `cargo xtask test`: every check, in the order in which a failure is cheapest.

use anyhow::bail;

use crate::postgres::Postgres;
use crate::{connectors, paths, process};

const PARTS: [&str; 4] = ["fmt", "clippy", "unit", "clients"];

/// Runs the named parts, or all.
pub fn test(parts: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!("there is no part {unknown:?}; the parts are {}", PARTS.join(", "));
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|name| name == part);
    if wanted("fmt") {
        process::run(&mut process::cargo(&["fmt", "--all", "--check"]))?;
    }
    connectors::build()?;
    if wanted("clippy") {
        process::run(&mut process::cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    }
    if wanted("unit") {
        let postgres = Postgres::start()?;
        let mut tests = process::cargo(&["test", "--workspace", "--no-fail-fast"]);
        process::run(tests.env("KEYWAY_TEST_POSTGRES", &postgres.url).env("KEYWAY_CONNECTORS", paths::connectors()))?;
    }
    Ok(())
}
