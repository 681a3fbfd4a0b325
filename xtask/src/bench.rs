//! `cargo xtask bench`: the release server under load, on SQLite and on PostgreSQL.

use anyhow::Context as _;
use std::process::{Command, Stdio};

use crate::postgres::Postgres;
use crate::{connectors, paths, process, run, test};

/// Measures on both databases; writes `target/bench.json`.
pub fn bench() -> anyhow::Result<()> {
    run::build()?;
    process::run(&mut process::cargo(&["build", "--release", "--package", "keyway-load"]))?;
    connectors::examples()?;
    let postgres = Postgres::start_durable()?;
    let mut results = Vec::new();
    println!("\nConnector calls");
    let mut calls = Command::new(paths::target().join("release/keyway-load"));
    calls.arg("--connector").arg(paths::connectors().join("aliyun-sms.wasm")).args(["--name", "connector"]);
    results.push(measured(&mut calls)?);
    println!("\nConnector platform");
    let mut platform = Command::new(paths::target().join("release/keyway-load"));
    platform.args(["--name", "platform"]).arg("--connectors").arg(paths::connectors());
    platform.arg("--hostile").arg(paths::fixtures().join("hostile.wasm"));
    for (option, example) in [
        ("--javascript", "js/examples/smsaero/dist/smsaero-js.wasm"),
        ("--python", "python/examples/vonage/dist/vonage-python.wasm"),
    ] {
        platform.arg(option).arg(paths::root().join("sdk").join(example));
    }
    platform.arg("--compiler").arg(paths::target().join("release/keyway"));
    results.push(measured(&mut platform)?);
    for (name, url) in [("SQLite", None), ("PostgreSQL", Some(&postgres.url))] {
        println!("\n{name}");
        let mut load = Command::new(paths::target().join("release/keyway-load"));
        load.arg("--keyway").arg(paths::target().join("release/keyway")).args(["--name", name]);
        if let Some(url) = url {
            load.args(["--database-url", url]);
        }
        results.push(measured(&mut load)?);
    }
    println!("\nBeside floods");
    let mut floods = Command::new(paths::target().join("release/keyway-load"));
    floods.arg("--keyway").arg(paths::target().join("release/keyway")).args(["--name", "floods", "--floods"]);
    results.push(measured(&mut floods)?);
    for (name, database) in [("SQLite", None), ("PostgreSQL", Some("users"))] {
        println!("\nA million users on {name}");
        let mut load = Command::new(paths::target().join("release/keyway-load"));
        load.args(["--users", "1000000", "--name", &format!("users on {name}")]);
        if let Some(database) = database {
            load.args(["--database-url", &postgres.create(database)?]);
        }
        results.push(measured(&mut load)?);
    }
    println!("\nThe sign-in pages in a browser");
    test::install_clients()?;
    let mut pages = Command::new("node");
    pages
        .arg(paths::root().join("tests/clients/bench/pages.mjs"))
        .env("KEYWAY_BIN", paths::target().join("release/keyway"));
    results.push(measured(&mut pages)?);
    let path = paths::target().join("bench.json");
    std::fs::write(&path, format!("[{}]\n", results.join(",")))?;
    println!("\n{}", path.display());
    Ok(())
}

/// The JSON that the load generator prints.
fn measured(load: &mut Command) -> anyhow::Result<String> {
    let output = load.stderr(Stdio::inherit()).output().context("the load generator cannot be started")?;
    anyhow::ensure!(output.status.success(), "the load generator failed: {load:?}");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
