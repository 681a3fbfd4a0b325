//! The rules on what is set beside a configuration, and on connectors beside each other.

use std::sync::Arc;

use keyway_model::ConnectorId;
use keyway_model::connector::{Connector, ConnectorSettings};
use serde_json::Value;

use super::{ConnectorError, Factory};
use crate::Core;

/// How often a change is made anew because another one came first.
pub(super) const ATTEMPTS: usize = 5;

/// Whether a connector is stored as it was when it was read.
pub(super) fn is_same(before: &Connector, now: &Connector) -> bool {
    now.id == before.id && now.config == before.config && now.settings == before.settings && now.marks == before.marks
}

/// An id becomes a part of the callback's address.
pub(super) fn check_id(id: &ConnectorId) -> Result<(), ConnectorError> {
    let fits = (1..=64).contains(&id.0.len())
        && id.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if fits { Ok(()) } else { Err(ConnectorError::Id) }
}

/// What an admin may set in place of a standard connector's manifest.
const METADATA: [&str; 4] = ["target", "name", "logo", "logoDark"];

/// The rules on what is set beside a configuration.
pub(super) fn check_settings(factory: &Factory, settings: &ConnectorSettings) -> Result<(), ConnectorError> {
    let manifest = &factory.manifest;
    let is_prefix = |text: &String| (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !settings.routing.prefixes.iter().all(is_prefix) {
        return Err(ConnectorError::Prefix);
    }
    if !manifest.is_standard && !settings.metadata.is_empty() {
        return Err(ConnectorError::MetadataFixed);
    }
    if manifest.is_standard && !settings.metadata.get("target").is_some_and(Value::is_string) {
        return Err(ConnectorError::TargetMissing);
    }
    if let Some(unknown) = settings.metadata.keys().find(|key| !METADATA.contains(&key.as_str())) {
        return Err(ConnectorError::UnknownMetadata(unknown.clone()));
    }
    if settings.enable_token_storage {
        return Err(ConnectorError::TokenStorage);
    }
    Ok(())
}

/// Identities are kept under the target: a connector that calls itself `google` would sign in everybody who linked a Google account.
pub(super) fn check_target(core: &Core, factory: &Factory, settings: &ConnectorSettings) -> Result<(), ConnectorError> {
    let target = target_of(factory, settings);
    let is_reserved = |own: &Arc<Factory>| !own.manifest.is_standard && own.manifest.target == target;
    let official = !factory.uploaded || core.registry.is_official(&factory.digest);
    let own = official && factory.manifest.target == target;
    if !own && !core.parts.trust.official_names && core.registry.official().any(is_reserved) {
        return Err(ConnectorError::TargetReserved);
    }
    Ok(())
}

/// What may stand once only among the stored connectors.
pub(super) fn check_unique(
    factory: &Factory,
    factories: &[Arc<Factory>],
    stored: &[Connector],
    connector: &Connector,
) -> Result<(), ConnectorError> {
    let manifest = &factory.manifest;
    if !manifest.kind.signs_in() {
        return Ok(());
    }
    let target = target_of(factory, &connector.settings);
    for other in stored.iter().filter(|other| other.id != connector.id && other.kind.signs_in()) {
        let Some(others) = factories.iter().find(|one| one.manifest.id == other.factory_id) else { continue };
        if !manifest.is_standard && other.factory_id == manifest.id {
            return Err(ConnectorError::SecondOfFactory);
        }
        let same_place = others.manifest.platform == manifest.platform;
        if same_place && target_of(others, &other.settings) == target {
            return Err(ConnectorError::TargetTaken);
        }
    }
    Ok(())
}

/// The name under which identities of this connector's provider are kept.
pub fn target_of(factory: &Factory, settings: &ConnectorSettings) -> String {
    let own = settings.metadata.get("target").and_then(Value::as_str);
    own.unwrap_or(&factory.manifest.target).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_part_of_an_address() {
        for id in ["abc", "A_b-9", &"x".repeat(64)] {
            assert!(check_id(&id.into()).is_ok(), "{id}");
        }
        for id in ["", "a/b", "a b", "a\n", "é", "a.b", &"x".repeat(65)] {
            assert!(check_id(&id.into()).is_err(), "{id}");
        }
    }
}
