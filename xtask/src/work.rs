//! Counts what parsers of strangers' input do, by the instructions that callgrind sees: eight times the input may cost a parser
//! twelve times the instructions, where work that grows with the square costs up to 64 times.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{paths, process};

/// The test that a crate has its parsers in, and what stands before the name that it prints of each.
const TEST: &str = "algorithmic_complexity";
const NAMED: &str = "counted: ";

/// How many times the instructions for the small input the large one may cost.
const MOST_GROWTH: u64 = 12;

/// Counts in every crate that has the test; fails with the names of the parsers that do too much.
pub fn test() -> anyhow::Result<()> {
    let (mut inputs, mut failed) = (0_usize, Vec::new());
    for program in programs()? {
        for (parser, small, large) in counted(&program).with_context(|| program.display().to_string())? {
            inputs += 1;
            if large > small.saturating_mul(MOST_GROWTH) {
                failed.push(format!("{parser}: {small} instructions, then {large} ({})", program.display()));
            }
        }
    }
    ensure!(inputs > 0, "no crate has a test named {TEST}");
    ensure!(failed.is_empty(), "eight times the input costs more than {MOST_GROWTH} times:\n{}", failed.join("\n"));
    println!("counted what parsers do with {inputs} inputs: it grows with their length");
    Ok(())
}

/// The test programs of the crates that have the test.
fn programs() -> anyhow::Result<Vec<PathBuf>> {
    let mut build = process::cargo(&["test", "--workspace", "--lib", "--no-run", "--message-format=json"]);
    let built = output(build.current_dir(paths::root()))?;
    let mut programs = Vec::new();
    for line in built.lines() {
        let message: Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(program) = message.get("executable").and_then(Value::as_str) {
            let tests = output(Command::new(program).args(["--list", "--ignored"]))?;
            if tests.contains(&format!("{TEST}: test")) {
                programs.push(PathBuf::from(program));
            }
        }
    }
    Ok(programs)
}

/// Each input's name, with the instructions for its small and for its large form.
fn counted(program: &Path) -> anyhow::Result<Vec<(String, u64, u64)>> {
    let folder = paths::target().join("work");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let counts = folder.join("counts");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--tool=callgrind", "--toggle-collect=*counted_work*", "--dump-after=*written_work*"]);
    valgrind.arg(format!("--callgrind-out-file={}", counts.display())).arg(program);
    valgrind.args([TEST, "--ignored", "--nocapture", "--test-threads=1"]);
    let said = output(&mut valgrind)?;
    let total = |number: usize| {
        let path = folder.join(format!("counts.{number}"));
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let total = text.lines().find_map(|line| line.strip_prefix("totals: ")).context("callgrind gives no total")?;
        Ok::<u64, anyhow::Error>(total.trim().parse()?)
    };
    let names = said.lines().filter_map(|line| line.split_once(NAMED));
    names
        .enumerate()
        .map(|(index, (_, name))| Ok((name.to_owned(), total(2 * index + 1)?, total(2 * index + 2)?)))
        .collect()
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("could not start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stdout));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
