//! Builds every crate under `connectors/` by the tool that an outside author uses.

use std::process::Command;

use crate::process::Steps;
use crate::{packages, paths, process};

/// How many steps [`build`] has.
pub const STEPS: usize = 2;

/// Builds all connectors and the components of the tests. `release` says for which server: the tool shares its dependencies
/// with that build.
pub fn build(steps: &mut Steps, release: bool) -> anyhow::Result<()> {
    let (profile, folder): (&[&str], _) = if release { (&["--release"], "release") } else { (&[], "debug") };
    steps.run("Building the tool for connectors", || {
        packages::for_build()?;
        process::run(
            process::cargo(&["build", "--package", "keyway-testkit", "--bin", "official-connectors"]).args(profile),
        )
    })?;
    steps.run("Building the connectors", || {
        process::run(&mut Command::new(paths::target().join(folder).join("official-connectors")))
    })
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
    let tool = ["run", "--package", "keyway-testkit", "--bin", "official-connectors", "--", "--test"];
    process::run(process::cargo(&tool).env("KEYWAY_CONNECTORS", paths::connectors()))?;
    // The new Rust projects share one folder of built dependencies; cargo itself must not see it as its own.
    let mut authors = Command::new(paths::target().join("debug/official-connectors"));
    process::run(authors.arg("--authors").env("CARGO_TARGET_DIR", paths::target().join("authors")))
}
