//! Developer commands: `cargo xtask run | build | test | bench | connectors`.

mod bench;
mod connectors;
mod features;
mod packages;
mod paths;
mod postgres;
mod process;
mod run;
mod test;
mod upgrade;
mod work;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs and tests Keyway")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and start Keyway with a demo application, sample users and an inbox for codes
    Run,
    /// Build `target/release/keyway` with the official connectors in it
    Build,
    /// Run every check: format, features, lints, unit, both databases, work of parsers, components, clients, browser
    Test {
        /// Only the named parts: fmt, features, clippy, unit, work, connectors, clients, upgrade
        parts: Vec<String>,
    },
    /// Measure the release build under load, on both databases
    Bench,
    /// Build the official connectors as components
    Connectors,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Run => run::run(),
        Command::Build => run::build(),
        Command::Test { parts } => test::test(&parts),
        Command::Bench => bench::bench(),
        Command::Connectors => connectors::build(&mut process::Steps::new(connectors::STEPS), false),
    }
}
