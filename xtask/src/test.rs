//! `cargo xtask test`: every check, in the order in which a failure is cheapest.

use anyhow::bail;

use crate::{connectors, process};

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
        process::run(&mut process::cargo(&["test", "--workspace", "--no-fail-fast"]))?;
    }
    Ok(())
}
