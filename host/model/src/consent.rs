//! What a version asks an admin for, and what of it is new.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::connector::{Manifest, Platform};
use crate::manifest_rules::numbers;
use crate::marks::{Marks, readable};

/// Who vouches for a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "id")]
pub enum Publisher {
    /// It is one of the server's own, byte for byte.
    Official,
    /// The holder of this key, which the operator lists.
    Key(String),
    /// Nobody but the administrator or program that uploaded it.
    Uploader(String),
}

/// What a component asks for; beside another one, what is new in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asks {
    /// Who vouches for it; where this is new, whom it takes over from stands beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<Publisher>,
    /// The publisher whose place a new one takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Publisher>,
    /// Under which name identities or messages of its provider are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The newer version that it would replace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downgrade_from: Option<String>,
    /// Hosts.
    pub hosts: Vec<String>,
    /// Host interfaces.
    pub features: Vec<String>,
    /// Configuration fields that hold a secret.
    pub secrets: Vec<String>,
    /// Fields that were secret, or whose key stayed in the server, and are so no longer.
    pub exposed: Vec<String>,
}

/// What a version is compared with.
#[derive(Debug, Clone, Copy)]
pub struct ServingVersion<'s> {
    /// What it says of itself.
    pub manifest: &'s Manifest,
    /// Who vouches for it.
    pub publisher: &'s Publisher,
    /// What stored configurations of its factory mark as secret.
    pub marks: &'s Marks,
}

/// What a manifest asks for.
pub fn asks(manifest: &Manifest, publisher: &Publisher) -> Asks {
    Asks {
        publisher: Some(publisher.clone()),
        target: Some(manifest.target.clone()),
        platform: manifest.platform,
        hosts: manifest.hosts.clone(),
        features: manifest.features.clone(),
        secrets: Marks::of(&manifest.config).secrets.iter().map(|mark| readable(mark)).collect(),
        ..Asks::default()
    }
}

/// What of it is new beside the version that serves; everything, where none does.
pub fn asks_new(manifest: &Manifest, publisher: &Publisher, serving: Option<ServingVersion<'_>>) -> Asks {
    let all = asks(manifest, publisher);
    let Some(serving) = serving else { return all };
    let known = asks(serving.manifest, serving.publisher);
    let new = |all: Vec<String>, known: &[String]| all.into_iter().filter(|one| !known.contains(one)).collect();
    let marks = Marks::of(&manifest.config);
    let before = serving.marks.and(&Marks::of(&serving.manifest.config));
    let lost = |before: &BTreeSet<String>, now: &BTreeSet<String>| -> Vec<String> {
        before.difference(now).map(|mark| readable(mark)).collect()
    };
    let mut exposed = lost(&before.secrets, &marks.secrets);
    exposed.extend(lost(&before.keys, &marks.keys));
    exposed.sort();
    exposed.dedup();
    let changed = known.publisher != all.publisher;
    Asks {
        publisher: all.publisher.filter(|_| changed),
        replaces: known.publisher.filter(|_| changed),
        target: all.target.filter(|_| manifest.target != serving.manifest.target),
        platform: all.platform.filter(|_| manifest.platform != serving.manifest.platform),
        downgrade_from: (numbers(&manifest.version) < numbers(&serving.manifest.version))
            .then(|| serving.manifest.version.clone()),
        hosts: new(all.hosts, &known.hosts),
        features: new(all.features, &known.features),
        secrets: new(all.secrets, &known.secrets),
        exposed,
    }
}

/// A name as it is compared: letters and digits alone, in lower case.
pub fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What of a manifest belongs to one of the server's own modules: `id`, `target` or `name`.
pub fn reserved<'m>(manifest: &Manifest, official: impl IntoIterator<Item = &'m Manifest>) -> Option<&'static str> {
    official.into_iter().find_map(|own| {
        let names: Vec<String> = own.name.values().map(|name| folded(name)).collect();
        [
            ("id", manifest.id == own.id),
            ("target", manifest.target == own.target),
            ("name", manifest.name.values().any(|name| names.contains(&folded(name)))),
        ]
        .into_iter()
        .find_map(|(field, same)| same.then_some(field))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn manifest(change: Value) -> Manifest {
        let mut all = json!({
            "manifest": 1, "id": "example", "target": "example", "kind": "social", "platform": "Web", "version": "1.2.0",
            "contract": "1.0.0", "name": { "en": "Example ID" }, "description": {}, "hosts": ["api.example"],
            "config": { "type": "object", "properties": { "auth": { "properties": {
                "pass": { "writeOnly": true }, "key": { "writeOnly": true, "x-host-key": true } } } } },
        });
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn masked_secret_reuse_each_loss_of_a_mark_is_new() {
        let (old, own) = (manifest(json!({})), Publisher::Official);
        let serving = ServingVersion { manifest: &old, publisher: &own, marks: &Marks::default() };
        assert_eq!(asks_new(&old, &own, Some(serving)), Asks::default());
        let open = manifest(json!({ "config": { "type": "object", "properties": { "auth": { "properties": {
            "pass": { "writeOnlx": true }, "key": { "writeOnly": true } } } } } }));
        assert_eq!(asks_new(&open, &own, Some(serving)).exposed, ["auth.key", "auth.pass"]);
        let stored = Marks { secrets: BTreeSet::from(["/older".to_owned()]), ..Marks::default() };
        let serving = ServingVersion { marks: &stored, ..serving };
        assert_eq!(asks_new(&old, &own, Some(serving)).exposed, ["older"]);
    }

    #[test]
    fn another_publisher_target_platform_or_older_version_is_new() {
        let (old, own) = (manifest(json!({})), Publisher::Official);
        let serving = ServingVersion { manifest: &old, publisher: &own, marks: &Marks::default() };
        let other = Publisher::Uploader("u".into());
        let new = asks_new(
            &manifest(json!({ "version": "1.1.9", "target": "google", "platform": "Native" })),
            &other,
            Some(serving),
        );
        assert_eq!((new.publisher, new.replaces), (Some(other.clone()), Some(Publisher::Official)));
        assert_eq!((new.target.as_deref(), new.platform), (Some("google"), Some(Platform::Native)));
        assert_eq!(new.downgrade_from.as_deref(), Some("1.2.0"));
        assert_eq!(asks_new(&old, &other, None).publisher, Some(other));
    }

    #[test]
    fn impersonation_of_an_official_module_is_named() {
        let official = [manifest(json!({}))];
        let other = json!({ "id": "other", "target": "other", "name": { "en": "Other" } });
        assert_eq!(reserved(&manifest(other.clone()), &official), None);
        for (field, value) in [
            ("id", json!("example")),
            ("target", json!("example")),
            ("name", json!({ "en": "x", "zh-CN": "EXAMPLE-id" })),
        ] {
            let mut copy = other.clone();
            copy[field] = value;
            assert_eq!(reserved(&manifest(copy), &official), Some(field));
        }
    }
}
