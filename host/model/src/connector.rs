//! Connectors: what a loaded component says of itself, and a configured instance of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::marks::Marks;
use crate::{ConnectorId, FactoryId, Timestamp};

pub use crate::connector_kind::ConnectorKind;
pub use crate::consent::{Asks, Publisher};
pub use crate::marks::secret_values;

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
    /// The README in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub readmes: BTreeMap<String, String>,
    /// Titles and descriptions of the schema in other languages: by language, by the sentence in English.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
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
pub(crate) fn config_field(host: &str) -> Option<&str> {
    host.strip_prefix("${config.")?.strip_suffix('}')
}

/// Host and port of an address, or of a bare host.
fn authority(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).filter(|authority| !authority.is_empty() && !authority.contains('@'))
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
    /// Which places of the configuration were entered as secrets.
    pub marks: Marks,
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

/// What of a connector's settings changes.
#[derive(Debug, Clone, Default)]
pub struct ConnectorSettingsChange {
    /// New metadata, merged into the old; null removes.
    pub metadata: Option<serde_json::Map<String, Value>>,
    /// Whether name and avatar follow the provider at every sign-in.
    pub sync_profile: Option<bool>,
    /// Whether the provider's tokens are kept.
    pub enable_token_storage: Option<bool>,
    /// Whether addresses that the provider calls verified count.
    pub trust_verified_addresses: Option<bool>,
    /// Which messages it takes.
    pub routing: Option<Routing>,
    /// Whether it serves.
    pub enabled: Option<bool>,
}

impl ConnectorSettings {
    /// The settings after a change.
    #[must_use]
    pub fn changed(mut self, change: ConnectorSettingsChange) -> Self {
        self.metadata.extend(change.metadata.unwrap_or_default());
        self.metadata.retain(|_, value| !value.is_null());
        Self {
            metadata: self.metadata,
            sync_profile: change.sync_profile.unwrap_or(self.sync_profile),
            enable_token_storage: change.enable_token_storage.unwrap_or(self.enable_token_storage),
            trust_verified_addresses: change.trust_verified_addresses.or(self.trust_verified_addresses),
            routing: change.routing.unwrap_or(self.routing),
            disabled: change.enabled.map_or(self.disabled, |enabled| !enabled),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_the_longest_prefix_then_by_order() {
        let connector = |id: &str, prefixes: &[&str], order| Connector {
            id: ConnectorId(id.into()),
            factory_id: FactoryId(String::new()),
            kind: ConnectorKind::Sms,
            config: Value::Null,
            marks: Marks::default(),
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
