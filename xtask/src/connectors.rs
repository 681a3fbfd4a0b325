//! Builds every crate under `connectors/` by the tool that an outside author uses.

use std::process::Command;

use crate::{packages, paths, process};

/// Builds all connectors and the components of the tests. `release` says for which server: the tool shares its dependencies
/// with that build.
pub fn build(release: bool) -> anyhow::Result<()> {
    packages::for_build()?;
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    process::run(
        process::cargo(&["run", "--quiet", "--package", "keyway-testkit", "--bin", "official-connectors"])
            .args(profile),
    )
}

/// Builds the connectors that are written in JavaScript and Python.
pub fn examples() -> anyhow::Result<()> {
    for example in ["sdk/js/examples/smsaero", "sdk/python/examples/vonage"] {
        let mut build = Command::new(paths::target().join("release/keyway"));
        process::run(build.args(["connector", "build"]).arg(paths::root().join(example)))?;
    }
    Ok(())
}

/// Runs the cases and the conformance kit of every connector.
pub fn test() -> anyhow::Result<()> {
    let tool = ["run", "--quiet", "--package", "keyway-testkit", "--bin", "official-connectors", "--", "--test"];
    process::run(process::cargo(&tool).env("KEYWAY_CONNECTORS", paths::connectors()))?;
    // The new Rust projects share one folder of built dependencies; cargo itself must not see it as its own.
    let mut authors = Command::new(paths::target().join("debug/official-connectors"));
    process::run(authors.arg("--authors").env("CARGO_TARGET_DIR", paths::target().join("authors")))
}
