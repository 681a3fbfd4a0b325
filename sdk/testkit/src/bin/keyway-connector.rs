//! `keyway connector` as a program of its own, for machines without the server.

use clap::Parser;
use keyway_testkit::cli::{ConnectorCommand, run};

#[derive(Parser)]
#[command(name = "keyway-connector", version, about = "Write, check and test Keyway connectors")]
struct Arguments {
    #[command(subcommand)]
    command: ConnectorCommand,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keyway-connector: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
