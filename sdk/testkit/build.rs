//! Puts the SDKs and the contract into the tool, so that a new project needs nothing else from this repository.

use std::path::{Path, PathBuf};

/// Folders of the repository, and the endings of the files that a project gets.
const PARTS: [(&str, &[&str]); 4] = [
    ("wit", &["wit"]),
    ("sdk/rust", &["rs", "toml"]),
    ("sdk/js", &["js", "mjs", "ts", "json"]),
    ("sdk/python", &["py"]),
];

/// What builds and examples leave behind.
const SKIPPED: [&str; 5] = ["examples", "node_modules", "target", "__pycache__", "package-lock.json"];

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    if let Err(error) = embed(&root) {
        println!("cargo::error=the SDKs could not be embedded: {error}");
    }
}

fn embed(root: &Path) -> std::io::Result<()> {
    let root = root.canonicalize()?;
    let mut files = Vec::new();
    for (part, endings) in PARTS {
        println!("cargo::rerun-if-changed=../../{part}");
        collect(&root.join(part), endings, &mut files)?;
    }
    files.sort();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let manifest = out.join("sdk-workspace.toml");
    std::fs::write(&manifest, workspace(&root, &files)?)?;
    println!("cargo::rerun-if-changed=../../Cargo.toml");
    // By the place of the package that is compiled: clones that share a target directory share what stands here.
    let name = |file: &Path| file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let entry = |name: String| {
        format!("    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../\", {name:?}))),\n")
    };
    let workspace =
        "    (\"Cargo.toml\", include_str!(concat!(env!(\"OUT_DIR\"), \"/sdk-workspace.toml\"))),\n".to_owned();
    let entries: Vec<String> = std::iter::once(workspace).chain(files.iter().map(|file| entry(name(file)))).collect();
    let entries = entries.concat();
    let source = format!("/// Path and content.\npub const FILES: &[(&str, &str)] = &[\n{entries}];\n");
    std::fs::write(out.join("sdk.rs"), source)
}

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped)) {
            continue;
        }
        if path.is_dir() {
            collect(&path, endings, files)?;
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            files.push(path);
        }
    }
    Ok(())
}

/// The root manifest's part that the Rust SDK inherits: the same versions, from the same place.
fn workspace(root: &Path, files: &[PathBuf]) -> std::io::Result<String> {
    let mut inherited = Vec::new();
    for file in files.iter().filter(|file| file.ends_with("Cargo.toml")) {
        let text = std::fs::read_to_string(file)?;
        inherited.extend(text.lines().filter_map(|line| Some(line.split_once(".workspace")?.0.trim().to_owned())));
    }
    let manifest = std::fs::read_to_string(root.join("Cargo.toml"))?;
    let mut lines = vec!["[workspace]", "resolver = \"3\"", "members = [\"sdk/rust\", \"sdk/rust/bindings/*\"]"];
    let mut section = "";
    for line in manifest.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('[') {
            section = line;
        }
        let taken = match section {
            "[workspace.dependencies]" => {
                let name = line.split(" =").next().unwrap_or_default();
                line == section || inherited.iter().any(|inherited| inherited == name)
            }
            "[workspace.package]" => true,
            name => name.starts_with("[workspace.lints"),
        };
        if taken {
            lines.push(line);
        }
    }
    Ok(lines.join("\n") + "\n")
}
