//! Embeds the official connectors that `cargo xtask connectors` built.

use std::path::{Path, PathBuf};

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    // `<target>/[<triple>/]<profile>/build/<package>/out`
    let candidates: Vec<PathBuf> = out.ancestors().skip(4).take(2).map(|above| above.join("connectors")).collect();
    let Some(folder) = candidates.iter().find(|folder| folder.is_dir()).or(candidates.first()) else { return };
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_component(path)).collect())
        .unwrap_or_default();
    files.sort();
    if files.is_empty() {
        println!("cargo::warning=no connectors to embed; build them with `cargo xtask connectors`");
    }
    let items: Vec<String> = files.iter().map(|path| format!("include_bytes!(r#\"{}\"#)", path.display())).collect();
    let source = format!("/// The official connectors.\npub const CONNECTORS: &[&[u8]] = &[{}];\n", items.join(", "));
    if let Err(error) = std::fs::write(out.join("connectors.rs"), source) {
        println!("cargo::error=the connectors could not be embedded: {error}");
    }
}

fn is_component(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wasm")
}
