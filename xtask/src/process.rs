//! Runs other programs, says what is being done and how long it took, and in one line what failed.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// The steps of one command, numbered, with their times.
pub struct Steps {
    total: usize,
    done: Vec<(String, Duration)>,
}

impl Steps {
    /// Announces nothing yet; `total` stands behind every number.
    pub fn new(total: usize) -> Self {
        Self { total, done: Vec::new() }
    }

    /// Says what is done, does it, and says how long it took. What the programs in it print comes between.
    pub fn run<T>(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let number = format!("{}/{}", self.done.len() + 1, self.total);
        println!("{number} {name} …");
        let begun = Instant::now();
        let result = work().with_context(|| format!("{number} {name}"))?;
        let took = begun.elapsed();
        println!("{number} {name}: {}", spoken(took));
        self.done.push((name.to_owned(), took));
        Ok(result)
    }

    /// Prints each step with its time.
    pub fn print_table(&self) {
        let widest = self.done.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        println!();
        for (name, took) in &self.done {
            println!("{name:widest$}  {:>10}", spoken(*took));
        }
        let sum: Duration = self.done.iter().map(|(_, took)| *took).sum();
        println!("{:widest$}  {:>10}", "Together", spoken(sum));
    }
}

fn spoken(took: Duration) -> String {
    let seconds = took.as_secs();
    if seconds < 60 {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

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

/// `cargo` with arguments. On a terminal it shows its own progress.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}
