//! Runs other programs and says in one line what failed.

use std::process::Command;

use anyhow::{Context as _, bail};

/// Runs a program in the repository's root and waits for its success.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = format!("{command:?}");
    let status =
        command.current_dir(crate::paths::root()).status().with_context(|| format!("could not start {name}"))?;
    if !status.success() {
        bail!("{name} failed with {status}");
    }
    Ok(())
}

/// `cargo` with arguments.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}
