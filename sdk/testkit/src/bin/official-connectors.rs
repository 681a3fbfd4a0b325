//! Builds and tests the connectors that ship with the server, by the same steps as `keyway connector`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Parser;
use keyway_testkit::{Kind, Language, Totals, build, cli, new};

#[derive(Parser)]
struct Arguments {
    /// Run the cases and the conformance kit in place of building
    #[arg(long)]
    test: bool,
    /// Walk an author's path in every language and for every kind: new, build, test, check, call; and test the connectors that are written in JavaScript and
    /// Python
    #[arg(long)]
    authors: bool,
    /// Write the lock files of new projects anew: the versions of this workspace, and what npm resolves
    #[arg(long)]
    lock: bool,
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
    if arguments.lock {
        return lock(&root);
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

/// Connectors in other languages: two that are official ones once more, with the same cases, and one for each that uses every
/// interface of the host.
const OTHERS: [&str; 4] = [
    "sdk/js/examples/smsaero",
    "sdk/js/examples/everything",
    "sdk/python/examples/vonage",
    "sdk/python/examples/everything",
];

const ZIG: [&[&str]; 2] = [&["zig", "version"], &["python3", "-m", "ziglang", "version"]];

/// The examples of languages without an SDK, and calls of the compilers of which one must be there.
const FOREIGN: [(&str, &[&[&str]]); 2] = [
    ("docs/connectors/examples/c", &[&["wasm-ld", "--version"], ZIG[0], ZIG[1]]),
    ("docs/connectors/examples/zig", &ZIG),
];

async fn authors(root: &Path) -> anyhow::Result<()> {
    let mut totals = Totals::default();
    for example in OTHERS {
        println!("{example}");
        cli::run(cli::ConnectorCommand::Update { folder: root.join(example) }).await?;
        built_and_tested(&root.join(example), &mut totals).await?;
    }
    for (example, compilers) in FOREIGN {
        let there = |compiler: &&[&str]| {
            let Some((program, arguments)) = compiler.split_first() else { return false };
            let version = std::process::Command::new(program).args(arguments).output();
            version.is_ok_and(|output| output.status.success())
        };
        if compilers.iter().any(there) {
            println!("{example}");
            built_and_tested(&root.join(example), &mut totals).await?;
        } else {
            println!("{example}: not built, its compiler is not here");
        }
    }
    let folder = tempfile::tempdir()?;
    for (language, lang) in [("rust", Language::Rust), ("js", Language::Js), ("python", Language::Python)] {
        for (word, kind) in [("sms", Kind::Sms), ("email", Kind::Email), ("social", Kind::Social)] {
            let name = format!("{language}-{word}");
            println!("{name}");
            new(folder.path(), &name, kind, lang)?;
            let project = folder.path().join(&name);
            share_installed(folder.path(), language, &project)?;
            let lock = |name: &str| std::fs::read(project.join(name)).ok();
            let before = LOCKS.map(lock);
            built_and_tested(&project, &mut totals).await?;
            anyhow::ensure!(
                before == LOCKS.map(lock),
                "{name}: the build changed a lock file: run official-connectors --lock"
            );
            cli::run(cli::ConnectorCommand::Check { path: project.clone() }).await?;
            let cases = if kind == Kind::Social { "cases/sign-in.json" } else { "cases/send.json" };
            let call = cli::ConnectorCommand::Call { file: project.join(cases), case: None, folder: project.clone() };
            cli::run(call).await?;
            // What npm and pip installed serves the next project of the language.
            for installed in ["node_modules", ".venv"] {
                if project.join(installed).exists() {
                    std::fs::rename(project.join(installed), folder.path().join(installed))?;
                }
            }
        }
    }
    println!("\n{} passed, {} failed", totals.passed, totals.failed);
    if totals.failed > 0 {
        bail!("a new project does not pass as it is");
    }
    Ok(())
}

/// The lock files of new projects.
const LOCKS: [&str; 3] = ["Cargo.lock", "package-lock.json", "requirements.txt"];

/// Gives a project what an earlier one of its language has installed.
fn share_installed(from: &Path, language: &str, project: &Path) -> anyhow::Result<()> {
    let installed = match language {
        "js" => "node_modules",
        "python" => ".venv",
        _ => return Ok(()),
    };
    if from.join(installed).exists() {
        std::fs::rename(from.join(installed), project.join(installed))?;
    }
    Ok(())
}

/// Writes the lock files that new projects get.
fn lock(root: &Path) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let run = |project: &Path, program: &str, arguments: &[&str]| -> anyhow::Result<()> {
        let status = std::process::Command::new(program).args(arguments).current_dir(project).status()?;
        anyhow::ensure!(status.success(), "{program} failed");
        Ok(())
    };
    let templates = root.join("sdk/testkit/templates");
    let name = "zzz-connector";
    new(folder.path(), name, Kind::Sms, Language::Rust)?;
    let project = folder.path().join(name);
    std::fs::copy(root.join("Cargo.lock"), project.join("Cargo.lock"))?;
    run(&project, "cargo", &["update", "--workspace"])?;
    let locked = std::fs::read_to_string(project.join("Cargo.lock"))?;
    let own = |part: &&str| !part.starts_with(&format!("name = \"{name}\""));
    let parts: Vec<&str> = locked.split("\n[[package]]\n").filter(own).collect();
    std::fs::write(templates.join("rust/Cargo.lock"), parts.join("\n[[package]]\n"))?;
    std::fs::remove_dir_all(&project)?;
    new(folder.path(), name, Kind::Sms, Language::Js)?;
    run(&project, "npm", &["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    let locked = std::fs::read_to_string(project.join("package-lock.json"))?.replace(name, "{{name}}");
    for example in OTHERS.iter().filter(|example| example.starts_with("sdk/js/")) {
        let own = example.rsplit('/').next().unwrap_or_default();
        let text = locked.replace("{{name}}", &format!("{own}-js"));
        std::fs::write(root.join(example).join("package-lock.json"), text)?;
    }
    std::fs::write(templates.join("js/package-lock.json"), locked)?;
    println!("written; requirements.txt by hand, with the hash of every wheel");
    Ok(())
}

async fn built_and_tested(folder: &Path, totals: &mut Totals) -> anyhow::Result<()> {
    cli::run(cli::ConnectorCommand::Build { folder: folder.to_owned() }).await?;
    let one = cli::test(folder, None, false).await?;
    totals.passed += one.passed;
    totals.failed += one.failed;
    Ok(())
}
