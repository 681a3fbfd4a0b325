//! Programs that the commands need. Root on Debian gets them installed; everyone else hears in one line what is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::process;

/// What to look for and the Debian packages that hold it.
type Need = (&'static str, &'static [&'static str]);

const BUILD: &[Need] = &[("cc", &["gcc", "libc6-dev"]), ("cmake", &["cmake"])];
const TEST: &[Need] = &[
    ("psql", &["postgresql"]),
    ("node", &["nodejs"]),
    ("npm", &["npm"]),
    ("chromium", &["chromium"]),
    ("python3", &["python3", "python3-venv"]),
    ("valgrind", &["valgrind"]),
    ("clang", &["clang"]),
    ("wasm-ld", &["lld"]),
];

/// Ensures what a build needs.
pub fn for_build() -> anyhow::Result<()> {
    ensure(BUILD)
}

/// Ensures what the tests need.
pub fn for_tests() -> anyhow::Result<()> {
    ensure(BUILD)?;
    ensure(TEST)
}

fn ensure(needs: &[Need]) -> anyhow::Result<()> {
    let missing: Vec<&str> = needs
        .iter()
        .filter(|(program, _)| !is_installed(program))
        .flat_map(|(_, packages)| *packages)
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() || !is_root() {
        bail!("missing: {0}. On Debian: sudo apt-get install {0}", missing.join(" "));
    }
    println!("installing {}", missing.join(" "));
    process::run(Command::new("apt-get").args(["update", "-qq"]))?;
    let install = ["install", "-y", "-qq", "--no-install-recommends"];
    process::run(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(install).args(missing))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: PathBuf| folder.join(program).exists())
}

/// Whether this is root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
