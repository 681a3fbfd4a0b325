//! Compares the features of the crates that others have written between the commands that build the server: where they
//! differ, cargo compiles the crate, and all that depend on it, once for each.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use anyhow::{Context as _, ensure};

use crate::{paths, process};

/// What is built beside `cargo test --workspace`, and whether with the dependencies of tests. xtask is not among it, which
/// must start before anything else is compiled, and neither is the model, whose few dependencies are built in seconds.
const BUILDS: [(&str, bool); 8] = [
    ("keyway", false),
    ("keyway-testkit", false),
    ("keyway-load", false),
    ("keyway-core", true),
    ("keyway-sandbox", true),
    ("keyway-store", true),
    ("keyway-testing", true),
    ("keyway-web", true),
];

type Features = BTreeSet<String>;
/// The sets of features with which each crate, by name and version, is built.
type Crates = BTreeMap<String, BTreeSet<Features>>;

/// Fails with each crate and feature that some command builds otherwise than `cargo test --workspace`.
pub fn test() -> anyhow::Result<()> {
    let everything = Built::read(&["--workspace"], true)?;
    let mut differing: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (package, tests) in BUILDS {
        let built = Built::read(&["--package", package], tests)?;
        let linked = differences(&everything.linked, &built.linked, "dependencies");
        let compiling = differences(&everything.all, &built.all, "build-dependencies");
        for difference in linked.into_iter().chain(compiling) {
            differing.entry(difference).or_default().insert(package);
        }
    }
    let lines: Vec<String> =
        differing.into_iter().map(|(difference, packages)| format!("{difference} in {packages:?}")).collect();
    ensure!(
        lines.is_empty(),
        "these would be compiled more than once; name the features in host/features/Cargo.toml:\n{}",
        lines.join("\n")
    );
    println!("every command builds the same {} crates with the same features", everything.all.len());
    Ok(())
}

/// What one command compiles of others' crates.
struct Built {
    /// For the programs: one set for each crate.
    linked: Crates,
    /// For build scripts and macros as well.
    all: Crates,
}

impl Built {
    fn read(selection: &[&str], tests: bool) -> anyhow::Result<Self> {
        let dev = if tests { ",dev" } else { "" };
        let linked = tree(selection, &format!("normal,no-proc-macro{dev}"))?;
        Ok(Self { linked, all: tree(selection, &format!("normal,build{dev}"))? })
    }
}

/// `cargo tree` as a list: nothing is built, nothing is downloaded that a build would not need.
fn tree(selection: &[&str], edges: &str) -> anyhow::Result<Crates> {
    // With a target named, cargo keeps apart what it shows of macros and what it shows of programs.
    let form = ["--quiet", "--target", "host-tuple", "--prefix", "none", "--format", "{p}|{f}", "--edges", edges];
    let mut command = process::cargo(&["tree"]);
    command.args(form).args(selection).current_dir(paths::root()).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("could not start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(parsed(&String::from_utf8_lossy(&output.stdout)))
}

/// Lines such as `log v0.4.35|alloc,std (*)`; those of this repository's own packages name a folder.
fn parsed(text: &str) -> Crates {
    let mut crates = Crates::new();
    for line in text.lines() {
        let Some((name, features)) = line.trim_end_matches(" (*)").split_once('|') else { continue };
        if !name.contains('/') {
            let features = features.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned).collect();
            crates.entry(name.trim_end_matches(" (proc-macro)").to_owned()).or_default().insert(features);
        }
    }
    crates
}

/// What is to be said of each crate that is built with a set of features which is not among those of `everything`.
fn differences(everything: &Crates, built: &Crates, section: &str) -> Vec<String> {
    let mut said = Vec::new();
    for (name, sets) in built {
        let known = everything.get(name).cloned().unwrap_or_default();
        for features in sets.difference(&known) {
            let nearest = known.iter().min_by_key(|other| other.symmetric_difference(features).count());
            let nearest = nearest.cloned().unwrap_or_default();
            let signed = |sign: &str, feature: &String| format!(" {sign}{feature}");
            let missing = nearest.difference(features).map(|feature| signed("-", feature));
            let more = features.difference(&nearest).map(|feature| signed("+", feature));
            said.push(format!("[{section}] {name}:{}", missing.chain(more).collect::<String>()));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_one_command_leaves_out_is_named() {
        let everything = parsed("keyway v0.1.0 (/here)|\nlog v0.4.35|alloc,std\nsyn v3.0.10 (proc-macro)|\n");
        let same = parsed("log v0.4.35|std,alloc (*)\nsyn v3.0.10|");
        assert!(differences(&everything, &same, "dependencies").is_empty());
        let other = parsed("log v0.4.35|alloc,serde");
        assert_eq!(differences(&everything, &other, "dependencies"), ["[dependencies] log v0.4.35: -std +serde"]);
    }
}
