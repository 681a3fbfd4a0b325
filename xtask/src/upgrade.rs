//! A rolling upgrade: a node of an earlier commit and one of this one share a PostgreSQL, and sign-ins hop between them.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::postgres::Postgres;
use crate::test::{install_clients, npm};
use crate::{paths, process};

/// Builds the server of the commit before, or of `KEYWAY_UPGRADE_FROM`, beside this one, and runs the tests of both together. Where
/// there is no such commit it fails if the test or the commit `is_asked` for, and says in its last line that nothing was run else.
pub fn test(postgres: &Postgres, is_asked: bool) -> anyhow::Result<()> {
    let named = std::env::var("KEYWAY_UPGRADE_FROM");
    let is_asked = is_asked || named.is_ok();
    let commit = match found(&named.unwrap_or_else(|_| "HEAD~1".into())) {
        Err(error) if !is_asked => {
            println!("NOT RUN: upgrade, for {error:#}. `git fetch --unshallow`, then `cargo xtask test upgrade`");
            return Ok(());
        }
        commit => commit?,
    };
    let folder = paths::target().join("upgrade");
    std::fs::create_dir_all(&folder)?;
    let before = folder.join("keyway");
    build(&commit, &folder.join("source"), &before)?;
    process::run(&mut process::cargo(&["build", "--package", "keyway"]))?;
    install_clients()?;
    let mut test = npm(&["run", "upgrade"]);
    test.env("KEYWAY_BIN", paths::target().join("debug/keyway")).env("KEYWAY_BIN_BEFORE", &before);
    process::run(test.env("KEYWAY_TEST_POSTGRES", &postgres.url))
}

/// The commit of this name; where the clone does not reach back to it, the rest of the history is fetched.
fn found(name: &str) -> anyhow::Result<String> {
    if let Some(commit) = commit(name)? {
        return Ok(commit);
    }
    println!("{name} is not in this clone: fetching the rest of its history");
    let mut fetch = Command::new("git");
    process::run(fetch.env("GIT_TERMINAL_PROMPT", "0").args(["fetch", "--quiet", "--unshallow"]))
        .with_context(|| format!("there is no commit {name} to upgrade from"))?;
    commit(name)?.with_context(|| format!("there is no commit {name}, in the whole history"))
}

fn commit(name: &str) -> anyhow::Result<Option<String>> {
    let mut find = Command::new("git");
    find.current_dir(paths::root()).args(["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]);
    let found = find.output().context("git cannot be started")?;
    Ok(found.status.success().then(|| String::from_utf8_lossy(&found.stdout).trim().to_owned()))
}

/// Builds the server of a commit in a work tree of its own. It shares this one's target directory, and so all that others have
/// written, but nothing of the workspace.
fn build(commit: &str, source: &Path, binary: &Path) -> anyhow::Result<()> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(arguments);
        git
    };
    let place = source.to_string_lossy();
    // Another clone, which may be gone, can have left its own work tree in the target directory.
    let checkout = source.exists().then(|| git(&["-C", &place, "checkout", "--quiet", "--detach", commit]).output());
    if !checkout.transpose()?.is_some_and(|done| done.status.success()) {
        if source.exists() {
            std::fs::remove_dir_all(source)?;
        }
        process::run(&mut git(&["worktree", "prune"]))?;
        process::run(&mut git(&["worktree", "add", "--force", "--quiet", "--detach", &place, commit]))?;
    }
    let mut build = process::cargo(&["build", "--package", "keyway", "--manifest-path"]);
    build.arg(source.join("Cargo.toml")).env("CARGO_TARGET_DIR", std::path::absolute(paths::target())?);
    // Cargo tells a package of one tree from that of the other by the times of files alone, and would take the older for the newer; with
    // a wrapper it keeps those of the workspace apart, and shares the others.
    build.env("RUSTC_WORKSPACE_WRAPPER", "/usr/bin/env");
    process::run(&mut build)?;
    std::fs::copy(paths::target().join("debug/keyway"), binary)?;
    Ok(())
}
