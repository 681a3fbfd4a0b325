//! The SDK that a project is written against: it travels in this program, lies in the project's own folder and is found by
//! path, so that no name is ever looked up in a registry where a stranger could have taken it.

use std::path::Path;

use anyhow::Context as _;
use keyway_sandbox::Sandbox;

use crate::lines::step;
use crate::project::{Language, Project};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/sdk.rs"));
}

/// The SDK's folder in a project.
pub const FOLDER: &str = "keyway";

/// Says in the folder which SDK it is.
const VERSION: &str = "VERSION";

/// What a project in this language needs of the SDK.
fn files(language: Language) -> impl Iterator<Item = (&'static str, &'static str)> {
    let prefixes: &[&str] = match language {
        Language::Rust => &["Cargo.toml", "wit/", "sdk/rust/"],
        Language::Js => &["sdk/js/"],
        Language::Python => &["sdk/python/"],
        Language::Other => &[],
    };
    embedded::FILES.iter().copied().filter(move |(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix)))
}

/// The contract's text by path, in the layout of `wit/`.
pub fn contract() -> impl Iterator<Item = (&'static str, &'static str)> {
    embedded::FILES.iter().filter_map(|(name, text)| Some((name.strip_prefix("wit/")?, *text)))
}

/// Version and digest of the SDK in this program.
fn version(language: Language) -> String {
    let all: Vec<String> = files(language).map(|(name, text)| format!("{name}\n{}\n{text}", text.len())).collect();
    format!("{} {}\n", env!("CARGO_PKG_VERSION"), Sandbox::digest(all.concat().as_bytes()))
}

/// Puts the SDK into a project's folder in place of what lies there.
pub fn unpack(project: &Path, language: Language) -> anyhow::Result<()> {
    let folder = project.join(FOLDER);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be replaced", folder.display()))?;
    }
    for (name, text) in files(language) {
        write(&folder.join(name), text)?;
    }
    write(&folder.join(VERSION), &version(language))
}

/// Puts the SDK where a project's folder lacks it, and says when it is another than this program's.
pub fn ensure(project: &Project) -> anyhow::Result<()> {
    if !project.has_own_sdk {
        return Ok(());
    }
    match std::fs::read_to_string(project.folder.join(FOLDER).join(VERSION)) {
        Ok(found) if found != version(project.language) => {
            let found = found.split(' ').next().unwrap_or_default();
            step(
                "note",
                format!("{FOLDER}/ holds another SDK ({found}): `keyway connector update` brings this program's"),
            );
        }
        Ok(_) => {}
        Err(_) => {
            unpack(&project.folder, project.language)?;
            step("unpacked", format!("{FOLDER}/, the SDK"));
        }
    }
    Ok(())
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
