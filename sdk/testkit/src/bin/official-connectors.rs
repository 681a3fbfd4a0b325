//! Builds and tests the connectors that ship with the server, by the same steps as `keyway connector`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Parser;
use keyway_testkit::{Kind, Language, Totals, build, cli};

#[derive(Parser)]
struct Arguments {
    /// Run the cases and the conformance kit in place of building
    #[arg(long)]
    test: bool,
    /// Walk an author's path in every language: new, build, test; and test the connectors that are written in JavaScript and
    /// Python
    #[arg(long)]
    authors: bool,
    /// Only this connector
    #[arg(long)]
    only: Option<String>,
}

/// Components that only the sandbox's tests run.
const FIXTURES: [&str; 1] = ["hostile"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // The clone in which it runs, which need not be the one that it was built in.
    let root = std::env::current_dir()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut rust = Vec::new();
    for entry in std::fs::read_dir(root.join("connectors"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A folder without cases holds what several connectors share.
        if entry.path().join("cases").is_dir()
            && entry.path().join("Cargo.toml").exists()
            && arguments.only.as_ref().is_none_or(|only| *only == name)
        {
            rust.push(name);
        }
    }
    rust.sort();
    let built = target.join("connectors");
    if arguments.authors {
        return authors(&root).await;
    }
    if arguments.test {
        return test(&root, &built, &rust).await;
    }
    build::ensure_target()?;
    let fixtures = if arguments.only.is_none() { &FIXTURES[..] } else { &[] };
    let all: Vec<String> = rust.iter().cloned().chain(fixtures.iter().map(|&name| name.to_owned())).collect();
    let sandbox = keyway_testkit::Stage::default().into_sandbox()?.0;
    for (name, bare) in build::build_crates(&root, &all)? {
        let folder = if FIXTURES.contains(&name.as_str()) { target.join("fixtures") } else { built.clone() };
        build::seal(&sandbox, &bare, &folder.join(format!("{name}.wasm"))).await?;
    }
    println!("{} connectors built", rust.len());
    Ok(())
}

async fn test(root: &Path, built: &Path, names: &[String]) -> anyhow::Result<()> {
    let mut totals = Totals::default();
    for name in names {
        println!("{name}");
        let component = built.join(format!("{name}.wasm"));
        let one = cli::test(&root.join("connectors").join(name), Some(&component), false).await?;
        totals.passed += one.passed;
        totals.failed += one.failed;
    }
    println!("\n{} passed, {} failed", totals.passed, totals.failed);
    if totals.failed > 0 {
        bail!("connector tests failed");
    }
    Ok(())
}

/// Connectors that are official ones once more, in another language, with the same cases.
const OTHERS: [&str; 2] = ["sdk/js/examples/smsaero", "sdk/python/examples/vonage"];

async fn authors(root: &Path) -> anyhow::Result<()> {
    let mut totals = Totals::default();
    for example in OTHERS {
        println!("{example}");
        built_and_tested(&root.join(example), &mut totals).await?;
    }
    let folder = tempfile::tempdir()?;
    std::env::set_current_dir(folder.path())?;
    for (name, kind, lang) in [
        ("rust-sms", Kind::Sms, Language::Rust),
        ("rust-email", Kind::Email, Language::Rust),
        ("rust-social", Kind::Social, Language::Rust),
        ("js-sms", Kind::Sms, Language::Js),
        ("python-sms", Kind::Sms, Language::Python),
    ] {
        println!("{name}");
        cli::run(cli::ConnectorCommand::New { name: name.into(), kind, lang, sdk: Some(root.join("sdk")) }).await?;
        built_and_tested(&folder.path().join(name), &mut totals).await?;
    }
    println!("\n{} passed, {} failed", totals.passed, totals.failed);
    if totals.failed > 0 {
        bail!("a new project does not pass as it is");
    }
    Ok(())
}

async fn built_and_tested(folder: &Path, totals: &mut Totals) -> anyhow::Result<()> {
    cli::run(cli::ConnectorCommand::Build { folder: folder.to_owned() }).await?;
    let one = cli::test(folder, None, false).await?;
    totals.passed += one.passed;
    totals.failed += one.failed;
    Ok(())
}
