//! `keyway connector new`: a project that builds and passes its tests as it is, with the SDK in its own folder.

use std::path::Path;

use anyhow::bail;
use clap::ValueEnum;

use crate::lines::step;
use crate::project::Language;
use crate::sdk;

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

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../templates/", $path))
    };
}

fn cases(kind: Kind) -> [File; 2] {
    match kind {
        Kind::Sms => [("cases/send.json", template!("cases/sms.json")), ("README.md", template!("README.md"))],
        Kind::Email => [("cases/send.json", template!("cases/email.json")), ("README.md", template!("README.md"))],
        Kind::Social => {
            [("cases/sign-in.json", template!("cases/social.json")), ("README.md", template!("README-social.md"))]
        }
    }
}

fn source(kind: Kind, language: Language) -> Vec<File> {
    match language {
        Language::Rust => vec![
            ("Cargo.toml", template!("rust/manifest.toml")),
            (".gitignore", "/target\n/dist\n/live.json\n*.key\n"),
            (
                "src/lib.rs",
                match kind {
                    Kind::Sms => template!("rust/sms.rs"),
                    Kind::Email => template!("rust/email.rs"),
                    Kind::Social => template!("rust/social.rs"),
                },
            ),
        ],
        Language::Js => vec![
            ("package.json", template!("js/package.json")),
            ("package-lock.json", template!("js/package-lock.json")),
            (".gitignore", "/node_modules\n/dist\n/live.json\n*.key\n"),
            (
                "connector.js",
                match kind {
                    Kind::Sms => template!("js/sms.js"),
                    Kind::Email => template!("js/email.js"),
                    Kind::Social => template!("js/social.js"),
                },
            ),
        ],
        Language::Python => vec![
            ("pyproject.toml", template!("python/pyproject.toml")),
            ("requirements.txt", template!("python/requirements.txt")),
            (".gitignore", "/.venv\n/dist\n__pycache__\n/live.json\n*.key\n"),
            (
                "connector.py",
                match kind {
                    Kind::Sms => template!("python/sms.py"),
                    Kind::Email => template!("python/email.py"),
                    Kind::Social => template!("python/social.py"),
                },
            ),
        ],
        Language::Other => Vec::new(),
    }
}

/// The versions of everything that a Rust project depends on, without the project itself.
const CARGO_LOCK: &str = template!("rust/Cargo.lock");

/// The project's lock file: its own entry stands where Cargo would write it, so that Cargo leaves the file as it is.
fn cargo_lock(name: &str) -> anyhow::Result<String> {
    let own = format!(
        "name = \"{name}\"\nversion = \"0.1.0\"\ndependencies = [\n \"keyway-connector\",\n \"schemars\",\n \"serde\",\n \
         \"serde_json\",\n]\n"
    );
    let mut parts: Vec<&str> = CARGO_LOCK.split("\n[[package]]\n").collect();
    let package = |part: &str| part.split('"').nth(1).unwrap_or_default().to_owned();
    if parts.iter().skip(1).any(|part| package(part) == name) {
        bail!("{name} is the name of a library that the project uses: choose another, such as {name}-sms");
    }
    let after = |part: &&str| package(part).as_str() < name;
    let place = 1 + parts.iter().skip(1).take_while(|part| after(part)).count();
    parts.insert(place.min(parts.len()), &own);
    Ok(format!("{}\n", parts.join("\n[[package]]\n").trim_end()))
}

/// Writes the project into a folder of its name below `parent`.
pub fn new(parent: &Path, name: &str, kind: Kind, language: Language) -> anyhow::Result<()> {
    let valid = name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !valid {
        bail!("{name:?} is no connector's name: a small letter, then small letters, digits and '-', such as acme-sms");
    }
    let folder = parent.join(name);
    if folder.exists() {
        bail!("{name} is there already: choose another name or remove it");
    }
    let lock = if language == Language::Rust { Some(cargo_lock(name)?) } else { None };
    let word = match kind {
        Kind::Sms => "sms",
        Kind::Email => "email",
        Kind::Social => "social",
    };
    for (path, content) in source(kind, language).into_iter().chain(cases(kind)) {
        let content = content.replace("{{name}}", name).replace("{{kind}}", word);
        let features = if kind == Kind::Social { "\"session\"" } else { "" };
        sdk::write(&folder.join(path), &content.replace("{{features}}", features))?;
    }
    if let Some(lock) = lock {
        sdk::write(&folder.join("Cargo.lock"), &lock)?;
    }
    sdk::unpack(&folder, language)?;
    step("made", format!("{name}/, with the SDK in {name}/{}", sdk::FOLDER));
    step("next", format!("cd {name} && keyway connector build && keyway connector test"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 3] = [Language::Rust, Language::Js, Language::Python];
    const KINDS: [Kind; 3] = [Kind::Sms, Kind::Email, Kind::Social];

    #[test]
    fn dependency_confusion() {
        let folder = tempfile::tempdir().unwrap();
        for (number, language) in LANGUAGES.into_iter().enumerate() {
            for kind in KINDS {
                let name = format!("acme-{number}-{kind:?}").to_lowercase();
                new(folder.path(), &name, kind, language).unwrap();
                let project = folder.path().join(&name);
                let read = |file: &str| std::fs::read_to_string(project.join(file)).unwrap();
                match language {
                    Language::Rust => {
                        // A package without a source is found by path alone.
                        let lock = read("Cargo.lock");
                        let ours = |part: &&str| part.starts_with("name = \"keyway") || part.contains("\"acme-");
                        let own: Vec<&str> = lock.split("\n[[package]]\n").filter(ours).collect();
                        assert_eq!(own.len(), 7, "{lock}");
                        assert!(own.iter().all(|part| !part.contains("source =")), "{own:?}");
                        for file in ["Cargo.toml", "keyway/Cargo.toml"] {
                            let text = read(file);
                            let named = text.lines().filter(|line| line.starts_with("keyway-"));
                            named.for_each(|line| assert!(line.contains("{ path = "), "{file}: {line}"));
                        }
                    }
                    Language::Js => {
                        let lock: serde_json::Value = serde_json::from_str(&read("package-lock.json")).unwrap();
                        let packages = lock["packages"].as_object().unwrap();
                        let link = &packages["node_modules/@keyway/connector"];
                        assert_eq!((&link["link"], &link["resolved"]), (&true.into(), &"keyway/sdk/js".into()));
                        let third = packages.iter().filter(|(path, _)| {
                            path.starts_with("node_modules/") && !path.starts_with("node_modules/@keyway/")
                        });
                        third.for_each(|(path, package)| assert!(package["integrity"].is_string(), "{path}"));
                    }
                    _ => {
                        let list = read("requirements.txt");
                        assert!(list.contains("componentize-py==") && list.contains("--hash=sha256:"), "{list}");
                        assert!(list.lines().all(|line| line.starts_with('#') || !line.contains("keyway")), "{list}");
                    }
                }
                assert!(project.join("keyway/VERSION").exists());
            }
        }
    }

    #[test]
    fn a_name_that_would_stand_for_a_library_is_refused_and_its_place_in_the_lock_is_cargos() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = new(folder.path(), "serde", Kind::Sms, Language::Rust).unwrap_err().to_string();
        assert!(refusal.contains("serde-sms"), "{refusal}");
        assert!(!folder.path().join("serde").exists());
        for name in ["a", "keyway-connector-sms-of-mine", "zz"] {
            let lock = cargo_lock(name).unwrap();
            let names: Vec<&str> =
                lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
            assert!(names.is_sorted(), "{names:?}");
            assert!(names.contains(&name));
        }
        for name in ["", "Acme", "1a", "a b", "../a", "a/b"] {
            assert!(new(folder.path(), name, Kind::Sms, Language::Rust).is_err(), "{name}");
        }
    }
}
