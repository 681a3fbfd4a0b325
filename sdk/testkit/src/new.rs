//! `keyway connector new`: a project that builds and passes its tests as it is.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use crate::lines::step;
use crate::project::Language;

/// What a connector does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Sends text messages.
    Sms,
    /// Sends e-mail.
    Email,
    /// Signs in with an outside identity.
    Social,
}

/// Path in the project and content, with `{{name}}` and the like to fill in.
type File = (&'static str, &'static str);

const README: File = ("README.md", include_str!("../templates/README.md"));

fn cases(kind: Kind) -> File {
    match kind {
        Kind::Sms => ("cases/send.json", include_str!("../templates/cases/sms.json")),
        Kind::Email => ("cases/send.json", include_str!("../templates/cases/email.json")),
        Kind::Social => ("cases/sign-in.json", include_str!("../templates/cases/social.json")),
    }
}

fn source(kind: Kind, language: Language) -> Option<Vec<File>> {
    Some(match (language, kind) {
        (Language::Rust, kind) => vec![
            ("Cargo.toml", include_str!("../templates/rust/manifest.toml")),
            (".gitignore", "/target\n/dist\n"),
            (
                "src/lib.rs",
                match kind {
                    Kind::Sms => include_str!("../templates/rust/sms.rs"),
                    Kind::Email => include_str!("../templates/rust/email.rs"),
                    Kind::Social => include_str!("../templates/rust/social.rs"),
                },
            ),
        ],
        (Language::Js, Kind::Sms) => vec![
            ("package.json", include_str!("../templates/js/package.json")),
            (".gitignore", "/node_modules\n/dist\n"),
            ("connector.js", include_str!("../templates/js/sms.js")),
        ],
        (Language::Python, Kind::Sms) => vec![
            ("pyproject.toml", include_str!("../templates/python/pyproject.toml")),
            ("requirements.txt", "{{sdk}}\n"),
            (".gitignore", "/.venv\n/dist\n"),
            ("connector.py", include_str!("../templates/python/sms.py")),
        ],
        _ => return None,
    })
}

/// Where the SDK comes from: the folder of a checkout, or the registries.
fn dependency(language: Language, sdk: Option<&Path>) -> anyhow::Result<String> {
    let path = |name: &str| -> anyhow::Result<Option<PathBuf>> {
        sdk.map(|sdk| sdk.join(name).canonicalize().with_context(|| format!("{} has no {name}", sdk.display())))
            .transpose()
    };
    let version = env!("CARGO_PKG_VERSION");
    Ok(match language {
        Language::Rust => path("rust")?
            .map_or_else(|| format!("\"{version}\""), |path| format!("{{ path = {:?} }}", path.display().to_string())),
        Language::Js => path("js")?.map_or_else(|| format!("^{version}"), |path| format!("file:{}", path.display())),
        Language::Python => path("python")?.map_or_else(
            || format!("keyway-connector=={version}"),
            |path| format!("keyway-connector @ file://{}", path.display()),
        ),
    })
}

/// Writes the project into a folder of its name.
pub fn new(name: &str, kind: Kind, language: Language, sdk: Option<&Path>) -> anyhow::Result<()> {
    let valid = name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !valid {
        bail!("{name:?} is no connector's name: a small letter, then small letters, digits and '-', such as acme-sms");
    }
    let folder = Path::new(name);
    if folder.exists() {
        bail!("{name} is there already: choose another name or remove it");
    }
    let Some(files) = source(kind, language) else {
        bail!("there is no project in this language for this kind yet: start with --kind sms, or with --lang rust");
    };
    let dependency = dependency(language, sdk)?;
    for (path, content) in files.into_iter().chain([README, cases(kind)]) {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, content.replace("{{name}}", name).replace("{{sdk}}", &dependency))?;
    }
    step("made", format!("{name}/"));
    step("next", format!("cd {name} && keyway connector build && keyway connector test"));
    Ok(())
}
