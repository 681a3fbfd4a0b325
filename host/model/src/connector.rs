//! Connectors: what a loaded component says of itself, and a configured instance of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ConnectorId, FactoryId, Timestamp};

/// What a connector can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectorKind {
    /// Sends text messages.
    #[serde(alias = "sms")]
    Sms,
    /// Sends e-mail.
    #[serde(alias = "email")]
    Email,
    /// Signs in with an outside identity.
    #[serde(alias = "social")]
    Social,
}

/// Where a social connector runs. The serialized form is Logto's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Platform {
    /// In an application for a phone.
    Native,
    /// Everywhere.
    Universal,
    /// In a browser.
    Web,
}

/// What a component says of itself: the JSON of its custom section `keyway:manifest`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// Version of this form: 1.
    pub manifest: u32,
    /// Factory id, such as `aliyun-short-message-service`.
    pub id: FactoryId,
    /// Identity key of the provider, such as `aliyun-sms`.
    pub target: String,
    /// What it does.
    pub kind: ConnectorKind,
    /// For social connectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Its own version.
    pub version: String,
    /// The contract it was built against.
    pub contract: String,
    /// What it was built with, such as `rust/0.1.0`.
    #[serde(default)]
    pub sdk: String,
    /// Names by language; `en` is always there.
    pub name: BTreeMap<String, String>,
    /// Descriptions by language.
    pub description: BTreeMap<String, String>,
    /// Hosts that it may call: a name, `*.` and a name, or `${config.<field>}` for one that the admin enters.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Host interfaces beyond log, clock, random, crypto and http that it uses: `cache`, `session`, `smtp`.
    #[serde(default)]
    pub features: Vec<String>,
    /// JSON Schema (draft 2020-12) of its configuration.
    pub config: Value,
    /// Logo as an SVG document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Logo for dark pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_dark: Option<String>,
    /// Markdown for the admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readme: Option<String>,
    /// An example configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Value>,
    /// Logto's form description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_items: Option<Value>,
    /// Whether it speaks a standard with any provider, so that many may be set up, each with a target of its own.
    #[serde(default)]
    pub is_standard: bool,
    /// SPDX expression of its licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where its source is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Names of the host interfaces that a manifest may list as features.
pub const FEATURES: [&str; 3] = ["cache", "session", "smtp"];

impl Manifest {
    /// Everything that is wrong with it, in words that its author can act on; empty when it may be shown and used.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut refuse = |wrong: bool, what: String| {
            if wrong {
                found.push(what);
            }
        };
        let is_id = |text: &str| {
            !text.is_empty()
                && text.len() <= 64
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        refuse(self.manifest != 1, format!("manifest: {} is not known here, only 1.", self.manifest));
        refuse(!is_id(self.id.as_str()), "id: 1 to 64 of a-z, 0-9 and '-'.".into());
        refuse(!is_id(&self.target), "target: 1 to 64 of a-z, 0-9 and '-'.".into());
        let version = self.version.split('.').all(|part| part.parse::<u32>().is_ok());
        refuse(!version || self.version.split('.').count() != 3, "version: three numbers, such as 1.0.2.".into());
        for (field, texts, most) in [("name", &self.name, 100), ("description", &self.description, 1000)] {
            let there = texts.get("en").is_some_and(|text| !text.trim().is_empty());
            refuse(!there && field == "name", format!("{field}: the language en is missing."));
            refuse(
                texts.values().any(|text| text.chars().count() > most),
                format!("{field}: {most} characters at most."),
            );
        }
        refuse(
            (self.kind == ConnectorKind::Social) != self.platform.is_some(),
            "platform: Native, Universal or Web for a social connector, nothing for others.".into(),
        );
        for host in &self.hosts {
            refuse(
                !is_host(host),
                format!("hosts: {host:?} must be a host name, *. and a host name, or ${{config.<field>}}."),
            );
        }
        refuse(self.hosts.len() > 32, "hosts: 32 at most.".into());
        for feature in &self.features {
            refuse(!FEATURES.contains(&feature.as_str()), format!("features: {feature:?} is not one of {FEATURES:?}."));
        }
        let size = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        refuse(size(&self.logo) > 64 * 1024 || size(&self.logo_dark) > 64 * 1024, "logo: 64 kB at most.".into());
        refuse(size(&self.readme) > 64 * 1024, "readme: 64 kB at most.".into());
        found
    }

    /// The hosts that this configuration opens: those of the manifest, with its `${config.<field>}` filled in.
    pub fn hosts_for(&self, config: &Value) -> Vec<String> {
        let filled = |host: &String| match config_field(host) {
            None => Some(host.clone()),
            Some(path) => {
                let text = path.split('.').try_fold(config, |value, part| value.get(part))?.as_str()?;
                authority(text).map(ToOwned::to_owned)
            }
        };
        self.hosts.iter().filter_map(filled).collect()
    }
}

/// The field that `${config.<field>}` names.
fn config_field(host: &str) -> Option<&str> {
    host.strip_prefix("${config.")?.strip_suffix('}')
}

/// Host and port of an address, or of a bare host.
fn authority(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).filter(|authority| !authority.is_empty() && !authority.contains('@'))
}

fn is_host(host: &str) -> bool {
    if let Some(field) = config_field(host) {
        return !field.is_empty() && field.split('.').all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    let (host, port) = host.rsplit_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    let name = host.strip_prefix("*.").unwrap_or(host);
    let labels: Vec<&str> = name.split('.').collect();
    let label = |label: &&str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    labels.len() >= 2
        && labels.iter().all(label)
        // An address is no name: which network it lies in is not the module's to say.
        && labels.last().is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_lowercase()))
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// A configured connector.
#[derive(Debug, Clone)]
pub struct Connector {
    /// Id.
    pub id: ConnectorId,
    /// Which component it runs.
    pub factory_id: FactoryId,
    /// What it does.
    pub kind: ConnectorKind,
    /// The configuration with its secrets, unsealed.
    pub config: Value,
    /// What the admin set beside the configuration.
    pub settings: ConnectorSettings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What an admin sets beside a connector's configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectorSettings {
    /// For standard connectors: `target`, `name`, `logo`, `logoDark` in place of the manifest's.
    pub metadata: serde_json::Map<String, Value>,
    /// Whether name and avatar follow the provider at every sign-in.
    pub sync_profile: bool,
    /// Whether the provider's tokens are kept.
    pub enable_token_storage: bool,
    /// Whether addresses that the provider calls verified count: for new accounts, and to find the account to link. When absent,
    /// those of the connectors of the binary do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_verified_addresses: Option<bool>,
    /// Which messages it takes, and when, among several of its kind.
    pub routing: Routing,
    /// Whether it serves nobody for the time being.
    pub disabled: bool,
}

/// Which messages a connector takes among several of its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Routing {
    /// Calling codes or longer beginnings of phone numbers, such as `86`; all numbers when empty.
    pub prefixes: Vec<String>,
    /// Among those that fit equally well, the lowest goes first and the others stand by.
    pub order: i32,
}

/// The connectors of a kind that may carry a message to `recipient`, best first: the longest prefix that fits, then order,
/// then age.
pub fn route<'c>(connectors: &'c [Connector], kind: ConnectorKind, recipient: &str) -> Vec<&'c Connector> {
    let fit = |connector: &Connector| {
        let prefixes = &connector.settings.routing.prefixes;
        if prefixes.is_empty() {
            return Some(0);
        }
        prefixes.iter().filter(|prefix| recipient.starts_with(prefix.as_str())).map(String::len).max()
    };
    let mut found: Vec<(usize, &Connector)> = connectors
        .iter()
        .filter(|connector| connector.kind == kind)
        .filter_map(|connector| Some((fit(connector)?, connector)))
        .collect();
    found.sort_by_key(|(length, connector)| {
        (std::cmp::Reverse(*length), connector.settings.routing.order, connector.created_at.0)
    });
    found.into_iter().map(|(_, connector)| connector).collect()
}

/// How far an uploaded component has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionState {
    /// Uploaded and checked; an admin has to approve what it asks for.
    Staged,
    /// Approved, not yet used.
    Approved,
    /// Serves.
    Active,
    /// Served before; can serve again.
    Retired,
}

impl VersionState {
    /// The name used in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Approved => "approved",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Staged, Self::Approved, Self::Active, Self::Retired].into_iter().find(|state| state.as_str() == name)
    }
}

/// An uploaded component, without its bytes.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its factory.
    pub factory_id: FactoryId,
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
    /// What it says of itself.
    pub manifest: Manifest,
    /// How far it has come.
    pub state: VersionState,
    /// Id of the key that signed it.
    pub signer: Option<String>,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When it last began to serve.
    pub activated_at: Option<Timestamp>,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// Bytes.
    pub size: i64,
}

/// What a component asks for beyond another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asks {
    /// Hosts.
    pub hosts: Vec<String>,
    /// Host interfaces.
    pub features: Vec<String>,
    /// Configuration fields that hold a secret.
    pub secrets: Vec<String>,
}

impl Manifest {
    /// What it asks for, or, beside the version that serves, what is new.
    pub fn asks(&self, beyond: Option<&Self>) -> Asks {
        let secrets = |manifest: &Self| -> Vec<String> {
            let properties = manifest.config.get("properties").and_then(Value::as_object);
            let secret = |property: &Value| property.get("writeOnly") == Some(&Value::Bool(true));
            properties.into_iter().flatten().filter(|(_, p)| secret(p)).map(|(name, _)| name.clone()).collect()
        };
        let new = |all: &[String], known: Vec<String>| all.iter().filter(|one| !known.contains(one)).cloned().collect();
        Asks {
            hosts: new(&self.hosts, beyond.map(|other| other.hosts.clone()).unwrap_or_default()),
            features: new(&self.features, beyond.map(|other| other.features.clone()).unwrap_or_default()),
            secrets: new(&secrets(self), beyond.map(secrets).unwrap_or_default()),
        }
    }
}

/// Stands in for a stored secret wherever a configuration is shown; sent back, it means "unchanged".
pub const SECRET_MASK: &str = "••••••••";

/// Replaces the value of every `writeOnly` property by [`SECRET_MASK`].
pub fn mask_secrets(schema: &Value, config: &mut Value) {
    each_secret(schema, config, &mut |value| *value = Value::String(SECRET_MASK.to_owned()));
}

/// Puts the stored secrets back where `config` holds [`SECRET_MASK`]; returns how many.
pub fn restore_secrets(schema: &Value, config: &mut Value, stored: &Value) -> usize {
    let is_secret = |property: &Value| property.get("writeOnly") == Some(&Value::Bool(true));
    let mut restored = 0;
    walk(schema, schema, config, String::new(), 0, &is_secret, &mut |pointer, value| {
        if value.as_str() == Some(SECRET_MASK)
            && let Some(previous) = stored.pointer(pointer)
        {
            *value = previous.clone();
            restored += 1;
        }
    });
    restored
}

/// The values of every `writeOnly` property, for masking in logs.
pub fn secret_values(schema: &Value, config: &Value) -> Vec<String> {
    let mut copy = config.clone();
    let mut values = Vec::new();
    each_secret(schema, &mut copy, &mut |value| values.extend(value.as_str().map(ToOwned::to_owned)));
    values
}

/// JSON pointers and values of every property that the schema marks `x-host-key`: keys that stay in the server.
pub fn host_keys(schema: &Value, config: &Value) -> Vec<(String, String)> {
    let mut copy = config.clone();
    let mut keys = Vec::new();
    let is_key = |property: &Value| property.get("x-host-key") == Some(&Value::Bool(true));
    walk(schema, schema, &mut copy, String::new(), 0, &is_key, &mut |pointer, value| {
        keys.extend(value.as_str().map(|text| (pointer.to_owned(), text.to_owned())));
    });
    keys
}

fn each_secret(schema: &Value, config: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    let is_secret = |property: &Value| property.get("writeOnly") == Some(&Value::Bool(true));
    walk(schema, schema, config, String::new(), 0, &is_secret, &mut |_, value| visit(value));
}

/// Deepest nesting of a schema that is followed; uploads with a deeper one are refused.
const DEPTH: usize = 16;

/// Visits every property that `wanted` accepts, through nested objects, lists, references and alternatives.
fn walk(
    root: &Value,
    schema: &Value,
    value: &mut Value,
    pointer: String,
    depth: usize,
    wanted: &impl Fn(&Value) -> bool,
    visit: &mut impl FnMut(&str, &mut Value),
) {
    if depth > DEPTH {
        return;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'))
        && let Some(target) = root.pointer(target)
    {
        walk(root, target, value, pointer.clone(), depth + 1, wanted, visit);
    }
    for word in ["oneOf", "anyOf", "allOf"] {
        for alternative in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
            walk(root, alternative, value, pointer.clone(), depth + 1, wanted, visit);
        }
    }
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array_mut()) {
        for (index, item) in list.iter_mut().enumerate() {
            walk(root, items, item, format!("{pointer}/{index}"), depth + 1, wanted, visit);
        }
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    if let (Some(properties), Some(object)) = (properties, value.as_object_mut()) {
        for (name, property) in properties {
            let Some(inner) = object.get_mut(name) else { continue };
            let pointer = format!("{pointer}/{name}");
            if wanted(property) {
                visit(&pointer, inner);
            } else {
                walk(root, property, inner, pointer, depth + 1, wanted, visit);
            }
        }
    }
    if let (Some(map), Some(object)) = (schema.get("additionalProperties"), value.as_object_mut()) {
        for (name, inner) in
            object.iter_mut().filter(|(name, _)| properties.is_none_or(|known| !known.contains_key(*name)))
        {
            let pointer = format!("{pointer}/{name}");
            if wanted(map) {
                visit(&pointer, inner);
            } else {
                walk(root, map, inner, pointer, depth + 1, wanted, visit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_and_restored() {
        let schema = json!({ "properties": { "id": {}, "secret": { "writeOnly": true }, "deep": { "properties": { "key": { "writeOnly": true } } } } });
        let stored = json!({ "id": "a", "secret": "s1", "deep": { "key": "s2" } });
        let mut shown = stored.clone();
        mask_secrets(&schema, &mut shown);
        assert_eq!(shown, json!({ "id": "a", "secret": SECRET_MASK, "deep": { "key": SECRET_MASK } }));
        assert_eq!(restore_secrets(&schema, &mut shown, &stored), 2);
        assert_eq!(shown, stored);
        assert_eq!(secret_values(&schema, &stored), ["s1", "s2"]);
    }

    #[test]
    fn secrets_are_found_in_lists_maps_references_and_alternatives() {
        let schema = json!({
            "$defs": { "Auth": { "oneOf": [
                { "properties": { "pass": { "writeOnly": true } } },
                { "properties": { "key": { "writeOnly": true, "x-host-key": true } } },
            ] } },
            "properties": {
                "auth": { "$ref": "#/$defs/Auth" },
                "list": { "items": { "properties": { "token": { "writeOnly": true } } } },
                "map": { "additionalProperties": { "writeOnly": true } },
            },
        });
        let config = json!({ "auth": { "key": "k" }, "list": [{ "token": "t" }], "map": { "a": "m" } });
        assert_eq!(secret_values(&schema, &config), ["k", "t", "m"]);
        assert_eq!(host_keys(&schema, &config), [("/auth/key".to_owned(), "k".to_owned())]);
    }

    fn manifest(hosts: &[&str]) -> Manifest {
        serde_json::from_value(json!({
            "manifest": 1, "id": "example-sms", "target": "example", "kind": "sms", "version": "1.0.0",
            "contract": "1.0.0", "name": { "en": "Example" }, "description": {}, "hosts": hosts, "config": {},
        }))
        .unwrap()
    }

    #[test]
    fn hosts_come_from_the_manifest_and_from_named_fields() {
        let manifest = manifest(&["api.example.com", "${config.endpoint}", "${config.deep.host}"]);
        assert_eq!(manifest.problems(), Vec::<String>::new());
        let config =
            json!({ "endpoint": "https://sms.example.org:8443/send?x=1", "deep": { "host": "relay.example.org" } });
        assert_eq!(manifest.hosts_for(&config), ["api.example.com", "sms.example.org:8443", "relay.example.org"]);
        assert_eq!(manifest.hosts_for(&json!({ "endpoint": "https://a@b.example/" })), ["api.example.com"]);
    }

    #[test]
    fn a_forged_manifest_is_refused() {
        for host in
            ["*", "*.com", "localhost", "127.0.0.1", "10.0.0.1:80", "Api.example.com", "a..b", "${config.}", "a b.c"]
        {
            assert_eq!(manifest(&[host]).problems().len(), 1, "{host}");
        }
        let mut wrong = manifest(&[]);
        wrong.id = FactoryId("../etc".into());
        wrong.version = "1".into();
        wrong.platform = Some(Platform::Web);
        wrong.features = vec!["files".into()];
        wrong.name.clear();
        assert_eq!(wrong.problems().len(), 5);
    }

    #[test]
    fn messages_go_to_the_longest_prefix_then_by_order() {
        let connector = |id: &str, prefixes: &[&str], order| Connector {
            id: ConnectorId(id.into()),
            factory_id: FactoryId(String::new()),
            kind: ConnectorKind::Sms,
            config: Value::Null,
            settings: ConnectorSettings {
                routing: Routing { prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(), order },
                ..ConnectorSettings::default()
            },
            created_at: Timestamp(0),
        };
        let all = [
            connector("world", &[], 0),
            connector("spare", &[], 1),
            connector("china", &["86"], 5),
            connector("mobile", &["8613", "8615"], 9),
        ];
        let ids = |to: &str| route(&all, ConnectorKind::Sms, to).iter().map(|c| c.id.0.clone()).collect::<Vec<_>>();
        assert_eq!(ids("8613012345678"), ["mobile", "china", "world", "spare"]);
        assert_eq!(ids("14155550100"), ["world", "spare"]);
        assert!(route(&all, ConnectorKind::Email, "a@example.com").is_empty());
    }
}
