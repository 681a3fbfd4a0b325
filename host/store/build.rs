//! Puts the migrations into the binary, as a list for each database: numbers, descriptions and texts.

use std::path::{Path, PathBuf};

fn main() {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let written = ["sqlite", "postgres"]
        .iter()
        .map(|database| list(&package.join("../../migrations").join(database), database))
        .collect::<std::io::Result<String>>()
        .and_then(|source| std::fs::write(out.join("migrations.rs"), source));
    if let Err(error) = written {
        println!("cargo::error=the migrations could not be read: {error}");
    }
}

/// Rust source of one database's list.
fn list(folder: &Path, database: &str) -> std::io::Result<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<String> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<std::io::Result<_>>()?;
    files.sort();
    let entry = |file: &String| {
        let (number, description) = file.strip_suffix(".sql")?.split_once('_')?;
        let number: i64 = number.parse().ok()?;
        let description = description.replace('_', " ");
        // By the place of the package that is compiled: clones that share a target directory share what stands here.
        let path = format!("/../../migrations/{database}/{file}");
        Some(format!(
            "    Migration {{ number: {number}, description: {description:?}, text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?})) }},\n"
        ))
    };
    let entries: String = files.iter().filter_map(entry).collect();
    Ok(format!("const {}: &[Migration] = &[\n{entries}];\n", database.to_uppercase()))
}
