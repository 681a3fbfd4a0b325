//! A connector's project: its folder, its language and where things lie in it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

/// What a connector is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust, for wasm32-unknown-unknown.
    Rust,
    /// JavaScript, with QuickJS.
    Js,
    /// Python, with componentize-py.
    Python,
}

/// A connector's project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// What it is written in.
    pub language: Language,
    /// Its name, which the component's file bears.
    pub name: String,
}

impl Project {
    /// Reads the project in `folder`: `Cargo.toml`, `package.json` or `pyproject.toml` says its language and name.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.canonicalize().with_context(|| format!("there is no folder {}", folder.display()))?;
        let toml = |file: &str, table: &str| -> anyhow::Result<String> {
            let text = std::fs::read_to_string(folder.join(file))?;
            let value: toml::Table = text.parse().with_context(|| format!("{file} cannot be read"))?;
            let name = value.get(table).and_then(|table| table.get("name")).and_then(toml::Value::as_str);
            name.map(ToOwned::to_owned).with_context(|| format!("{file}: [{table}] has no name"))
        };
        let (language, name) = if folder.join("Cargo.toml").exists() {
            (Language::Rust, toml("Cargo.toml", "package")?)
        } else if folder.join("package.json").exists() {
            let text = std::fs::read_to_string(folder.join("package.json"))?;
            let value: serde_json::Value = serde_json::from_str(&text).context("package.json cannot be read")?;
            let name = value.get("name").and_then(serde_json::Value::as_str).context("package.json has no name")?;
            (Language::Js, name.rsplit('/').next().unwrap_or(name).to_owned())
        } else if folder.join("pyproject.toml").exists() {
            (Language::Python, toml("pyproject.toml", "project")?)
        } else {
            bail!(
                "{} is no connector project: it has no Cargo.toml, package.json or pyproject.toml. Make one with `keyway \
                 connector new`.",
                folder.display()
            );
        };
        Ok(Self { folder, language, name })
    }

    /// Where the built component goes.
    pub fn component(&self) -> PathBuf {
        self.folder.join("dist").join(format!("{}.wasm", self.name))
    }

    /// The folder of its test cases.
    pub fn cases(&self) -> PathBuf {
        self.folder.join("cases")
    }
}
