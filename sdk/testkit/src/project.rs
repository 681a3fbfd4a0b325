//! A connector's project: its folder, its language and where things lie in it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use serde::Deserialize;

/// What a connector is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust, for wasm32-unknown-unknown.
    Rust,
    /// JavaScript, with QuickJS.
    Js,
    /// Python, with componentize-py.
    Python,
    /// Anything that compiles to WebAssembly: `connector.toml` says how.
    #[value(skip)]
    Other,
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
    /// Whether the SDK lies in its own folder, as in every new project.
    pub has_own_sdk: bool,
    /// How a project in another language is built.
    pub foreign: Option<Foreign>,
}

/// `connector.toml`: a core module that some compiler makes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreign {
    /// The connector's name.
    pub name: String,
    /// The world of the contract that it implements.
    pub world: String,
    /// The program and its arguments that build the module, run in the project's folder.
    pub build: Vec<String>,
    /// The file that they write: a core module, or a finished component.
    pub module: PathBuf,
    /// Where C bindings are written before the build.
    pub bindings: Option<PathBuf>,
    /// The manifest, which is written beside them as `manifest.h`.
    pub manifest: Option<PathBuf>,
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
        if folder.join("connector.toml").exists() {
            let text = std::fs::read_to_string(folder.join("connector.toml"))?;
            let foreign: Foreign = toml::from_str(&text).context("connector.toml cannot be read")?;
            let (language, name) = (Language::Other, foreign.name.clone());
            return Ok(Self { folder, language, name, has_own_sdk: false, foreign: Some(foreign) });
        }
        let (language, file, name) = if folder.join("Cargo.toml").exists() {
            (Language::Rust, "Cargo.toml", toml("Cargo.toml", "package")?)
        } else if folder.join("package.json").exists() {
            let text = std::fs::read_to_string(folder.join("package.json"))?;
            let value: serde_json::Value = serde_json::from_str(&text).context("package.json cannot be read")?;
            let name = value.get("name").and_then(serde_json::Value::as_str).context("package.json has no name")?;
            (Language::Js, "package.json", name.rsplit('/').next().unwrap_or(name).to_owned())
        } else if folder.join("pyproject.toml").exists() {
            (Language::Python, "pyproject.toml", toml("pyproject.toml", "project")?)
        } else {
            bail!(
                "{} is no connector project: it has no Cargo.toml, package.json, pyproject.toml or connector.toml. Make one \
                 with `keyway connector new`.",
                folder.display()
            );
        };
        let has_own_sdk = std::fs::read_to_string(folder.join(file))?.contains("keyway/sdk/");
        Ok(Self { folder, language, name, has_own_sdk, foreign: None })
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
