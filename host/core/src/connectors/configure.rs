//! Sets up, changes, tests and removes connectors.

use std::sync::Arc;

use keyway_model::connector::{Connector, ConnectorKind, ConnectorSettings, Routing};
use keyway_model::marks::{Marks, SECRET_MASK, readable};
use keyway_model::{ConnectorId, ErrorCode, FactoryId, Refusal, TenantId};
use keyway_sandbox::CallError;
use keyway_store::{connector_cache, connector_versions, connectors};
use serde_json::{Map, Value, json};

use super::{Factory, schema};
use crate::{Core, CoreError};

/// What an admin gives to set up a connector.
pub struct NewConnector {
    /// Which component.
    pub factory_id: FactoryId,
    /// Its configuration.
    pub config: Value,
    /// What is set beside it.
    pub settings: ConnectorSettings,
    /// A wished id.
    pub id: Option<ConnectorId>,
    /// Whether it stands beside others of its kind that send messages, in place of replacing them.
    pub beside: bool,
}

/// What of a connector changes.
#[derive(Default)]
pub struct ConnectorChange {
    /// The whole new configuration.
    pub config: Option<Value>,
    /// New metadata, merged into the old; null removes.
    pub metadata: Option<Map<String, Value>>,
    /// Whether name and avatar follow the provider.
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

impl Core {
    /// Every factory of the tenant.
    pub fn connector_factories(&self, tenant: &TenantId) -> Vec<Arc<Factory>> {
        self.registry.all(tenant)
    }

    /// The factory with this id.
    pub fn connector_factory(&self, tenant: &TenantId, id: &FactoryId) -> Option<Arc<Factory>> {
        self.registry.get(tenant, id)
    }

    /// The connectors of a tenant with their factories; secrets are masked. One whose component is gone is left out.
    pub async fn connectors(&self, tenant: &TenantId) -> Result<Vec<(Connector, Arc<Factory>)>, CoreError> {
        let mut shown = Vec::new();
        for mut connector in self.stored_connectors(tenant).await? {
            if let Some(factory) = self.registry.get(tenant, &connector.factory_id) {
                connector.marks.and(&Marks::of(&factory.manifest.config)).mask(&mut connector.config);
                shown.push((connector, factory));
            }
        }
        Ok(shown)
    }

    pub(crate) async fn stored_connectors(&self, tenant: &TenantId) -> Result<Vec<Connector>, CoreError> {
        let key = self.parts.master_key.clone();
        self.parts.store.read(async move |tx| Ok(connectors::list(tx, tenant, &key).await?)).await
    }

    /// The kinds of connectors that are set up and not switched off.
    pub async fn connector_kinds(&self, tenant: &TenantId) -> Result<Vec<ConnectorKind>, CoreError> {
        Ok(enabled_kinds(&self.stored_connectors(tenant).await?))
    }

    /// Sets up a connector. One that sends messages replaces the others of its kind, unless it is to stand beside them.
    pub async fn create_connector(&self, tenant: &TenantId, new: NewConnector) -> Result<ConnectorId, CoreError> {
        if let Some(id) = &new.id {
            check_id(id)?;
        }
        // The version that serves judges the configuration outside the transaction; it is stored if that version still serves.
        for _ in 0..ATTEMPTS {
            if let Some(id) = self.try_to_create(tenant, &new).await? {
                return Ok(id);
            }
        }
        Err(ErrorCode::Unavailable.into())
    }

    /// The id of the new connector; none when another version serves by now, which has not judged it.
    async fn try_to_create(&self, tenant: &TenantId, new: &NewConnector) -> Result<Option<ConnectorId>, CoreError> {
        let (factory, active) = self.serving(tenant, &new.factory_id).await?;
        let factory = factory.ok_or(ErrorCode::ConnectorFactoryUnknown)?;
        let (mut config, mut settings) = (new.config.clone(), new.settings.clone());
        settings.metadata.retain(|_, value| !value.is_null());
        let marks = Marks::of(&factory.manifest.config);
        tidy(&marks, &mut config)?;
        check_settings(&factory, &settings)?;
        self.check_target(&factory, &settings)?;
        self.check_config(&factory, &config, &marks).await?;
        let connector = Connector {
            id: new.id.clone().unwrap_or_else(|| self.id()),
            factory_id: new.factory_id.clone(),
            kind: factory.manifest.kind,
            config,
            marks,
            settings,
            created_at: self.now(),
        };
        let (owner, key, beside) = (tenant.clone(), self.parts.master_key.clone(), new.beside);
        let factories = self.registry.all(tenant);
        self.save(ErrorCode::ConnectorIdTaken, async move |tx| {
            crate::tenants::lock(tx, &owner).await?;
            let stored = connectors::list(tx, &owner, &key).await?;
            if stored.iter().any(|one| one.id == connector.id) {
                return Err(ErrorCode::ConnectorIdTaken.into());
            }
            if connector_versions::active_of(tx, &owner, &connector.factory_id).await? != active {
                return Ok(None);
            }
            check_unique(&factory, &factories, &stored, &connector)?;
            if !connector.kind.signs_in() && !beside {
                connectors::delete_kind(tx, &owner, connector.kind).await?;
            }
            connectors::insert(tx, &owner, &connector, &key).await?;
            Ok::<_, CoreError>(Some(connector.id))
        })
        .await
    }

    /// Identities are kept under the target: a connector that calls itself `google` would sign in everybody who linked a Google
    /// account.
    fn check_target(&self, factory: &Factory, settings: &ConnectorSettings) -> Result<(), CoreError> {
        let target = target_of(factory, settings);
        let is_reserved = |own: &Arc<Factory>| !own.manifest.is_standard && own.manifest.target == target;
        let official = !factory.uploaded || self.is_official(&factory.digest);
        let own = official && factory.manifest.target == target;
        if !own && !self.parts.trust.official_names && self.registry.official().any(is_reserved) {
            return Err(ErrorCode::ConnectorTargetReserved.into());
        }
        Ok(())
    }

    /// Changes a connector. A masked secret keeps its stored value, unless another setting that holds an address changed:
    /// then the secret would be sent somewhere new, and must be typed again.
    pub async fn update_connector(
        &self,
        tenant: &TenantId,
        id: &ConnectorId,
        change: ConnectorChange,
    ) -> Result<(), CoreError> {
        // The module judges the new configuration outside the transaction; it is saved if what it was made of is still stored.
        for _ in 0..ATTEMPTS {
            let stored = self.stored_connectors(tenant).await?;
            let before = stored.into_iter().find(|connector| connector.id == *id).ok_or(ErrorCode::EntityNotFound)?;
            let (factory, active) = self.serving(tenant, &before.factory_id).await?;
            let factory = factory.ok_or(ErrorCode::ConnectorFactoryNotFound)?;
            let next = self.changed(&factory, &before, &change).await?;
            let (owner, key, factories) = (tenant.clone(), self.parts.master_key.clone(), self.registry.all(tenant));
            let saved = self.parts.store.write(async move |tx| {
                crate::tenants::lock(tx, &owner).await?;
                let stored = connectors::list(tx, &owner, &key).await?;
                let now = stored.iter().find(|one| one.id == next.id).ok_or(ErrorCode::EntityNotFound)?;
                let serves = connector_versions::active_of(tx, &owner, &next.factory_id).await?;
                if serves != active || !is_same(&before, now) {
                    return Ok(false);
                }
                check_unique(&factory, &factories, &stored, &next)?;
                // What was kept under the old configuration may belong to another account at the provider.
                connector_cache::delete(tx, &owner, &next.id, None).await?;
                Ok::<_, CoreError>(connectors::update(tx, &owner, &next, &key).await?)
            });
            if saved.await? {
                return Ok(());
            }
        }
        Err(ErrorCode::Unavailable.into())
    }

    async fn changed(
        &self,
        factory: &Factory,
        before: &Connector,
        change: &ConnectorChange,
    ) -> Result<Connector, CoreError> {
        let mut next = before.clone();
        let settings = &mut next.settings;
        if let Some(metadata) = &change.metadata {
            let target = metadata.get("target");
            if target.is_some() && target != settings.metadata.get("target") {
                return Err(ErrorCode::ConnectorTargetFixed.into());
            }
            settings.metadata.extend(metadata.clone());
            settings.metadata.retain(|_, value| !value.is_null());
        }
        settings.sync_profile = change.sync_profile.unwrap_or(settings.sync_profile);
        settings.enable_token_storage = change.enable_token_storage.unwrap_or(settings.enable_token_storage);
        settings.trust_verified_addresses = change.trust_verified_addresses.or(settings.trust_verified_addresses);
        settings.routing = change.routing.clone().unwrap_or_else(|| settings.routing.clone());
        settings.disabled = change.enabled.map_or(settings.disabled, |enabled| !enabled);
        check_settings(factory, &next.settings)?;
        if let Some(config) = &change.config {
            let mut config = config.clone();
            let own = Marks::of(&factory.manifest.config);
            let marks = own.and(&before.marks);
            let restored = marks.restore(&mut config, &before.config);
            if restored > 0 && addresses(&config) != addresses(&before.config) {
                return Err(ErrorCode::ConnectorHostChanged.into());
            }
            tidy(&marks, &mut config)?;
            next.marks = own.and(&before.marks.still(&config, &before.config));
            self.check_config(factory, &config, &next.marks).await?;
            next.config = config;
        }
        Ok(next)
    }

    /// Removes a connector.
    pub async fn delete_connector(&self, tenant: &TenantId, id: &ConnectorId) -> Result<(), CoreError> {
        let deleted = self.parts.store.write(async move |tx| {
            crate::tenants::lock(tx, tenant).await?;
            Ok::<_, CoreError>(connectors::delete(tx, tenant, id).await?)
        });
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }

    pub(super) async fn check_config(&self, factory: &Factory, config: &Value, marks: &Marks) -> Result<(), CoreError> {
        schema::check_in_time(&factory.manifest, config).await?;
        let sandbox = self.registry.sandbox();
        let component = factory.component(sandbox).await.map_err(|error| {
            tracing::error!(%error, factory = %factory.manifest.id, "connector not loaded");
            ErrorCode::ConnectorFailed
        })?;
        match sandbox.validate_marked(component, config, marks).await {
            Ok(()) => Ok(()),
            Err(CallError::Failure(failure)) => {
                Err(Refusal::with_message(ErrorCode::ConnectorInvalidConfig, failure.message).into())
            }
            Err(error) => {
                tracing::warn!(%error, factory = %factory.manifest.id, "connector failed to validate");
                Err(super::deliver::explain(error))
            }
        }
    }
}

/// The kinds of connectors that are not switched off.
pub(crate) fn enabled_kinds(connectors: &[Connector]) -> Vec<ConnectorKind> {
    connectors.iter().filter(|connector| !connector.settings.disabled).map(|connector| connector.kind).collect()
}

/// The rules on what is set beside a configuration.
fn check_settings(factory: &Factory, settings: &ConnectorSettings) -> Result<(), CoreError> {
    let manifest = &factory.manifest;
    if settings
        .routing
        .prefixes
        .iter()
        .any(|prefix| prefix.is_empty() || prefix.len() > 15 || !prefix.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(Refusal::invalid_input("routing.prefixes", "digits of a country code, such as 86").into());
    }
    if !manifest.is_standard && !settings.metadata.is_empty() {
        return Err(ErrorCode::ConnectorMetadataNotAllowed.into());
    }
    if manifest.is_standard && !settings.metadata.get("target").is_some_and(Value::is_string) {
        return Err(ErrorCode::ConnectorShouldSpecifyTarget.into());
    }
    if let Some(unknown) = settings.metadata.keys().find(|key| !METADATA.contains(&key.as_str())) {
        return Err(Refusal::invalid_input(
            &format!("metadata.{unknown}"),
            "is not one of target, name, logo, logoDark",
        )
        .into());
    }
    if settings.enable_token_storage {
        return Err(ErrorCode::ConnectorTokenStorage.into());
    }
    Ok(())
}

/// How often a change is made anew because another one came first.
pub(super) const ATTEMPTS: usize = 5;

/// Whether a connector is stored as it was when it was read.
pub(super) fn is_same(before: &Connector, now: &Connector) -> bool {
    now.id == before.id && now.config == before.config && now.settings == before.settings && now.marks == before.marks
}

/// An id becomes a part of the callback's address.
fn check_id(id: &ConnectorId) -> Result<(), Refusal> {
    let fits = (1..=64).contains(&id.0.len())
        && id.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if fits { Ok(()) } else { Err(Refusal::invalid_input("id", "1 to 64 of A-Z, a-z, 0-9, '_' and '-'")) }
}

/// What may stand once only among the stored connectors.
fn check_unique(
    factory: &Factory,
    factories: &[Arc<Factory>],
    stored: &[Connector],
    connector: &Connector,
) -> Result<(), Refusal> {
    let manifest = &factory.manifest;
    if !manifest.kind.signs_in() {
        return Ok(());
    }
    let target = target_of(factory, &connector.settings);
    for other in stored.iter().filter(|other| other.id != connector.id && other.kind.signs_in()) {
        let Some(others) = factories.iter().find(|one| one.manifest.id == other.factory_id) else { continue };
        if !manifest.is_standard && other.factory_id == manifest.id {
            return Err(ErrorCode::ConnectorMultipleInstances.into());
        }
        let same_place = others.manifest.platform == manifest.platform;
        if same_place && target_of(others, &other.settings) == target {
            return Err(ErrorCode::ConnectorSameTarget.into());
        }
    }
    Ok(())
}

/// Takes away what is pasted along with a key, blanks and line ends around it, and refuses a secret of which nothing is left, or
/// that stands masked where nothing is stored.
pub(super) fn tidy(marks: &Marks, config: &mut Value) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let mut problem = |place: &str, message: &str| {
        problems.push(json!({ "path": readable(place).replace("[]", ""), "message": message }));
    };
    for (mark, place) in marks.places(config) {
        let Some(Value::String(text)) = config.pointer_mut(&place) else { continue };
        if text == SECRET_MASK {
            problem(&mark, "has to be entered: no value of it is stored");
        } else if !text.is_empty() && text.trim().is_empty() {
            problem(&mark, "must not be blank");
        } else if text.trim().len() != text.len() {
            *text = text.trim().to_owned();
        }
    }
    trim_names(config);
    if problems.is_empty() {
        return Ok(());
    }
    let line = |problem: &Value| {
        let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{} {}", text("path"), text("message"))
    };
    let message = format!("{}.", problems.iter().map(line).collect::<Vec<_>>().join("; "));
    Err(Refusal::with_message(ErrorCode::ConnectorInvalidConfig, message).with_data(Value::Array(problems)))
}

/// The same for what identifies an account at the provider, such as `accessKeyId`: never a text that people write.
fn trim_names(config: &mut Value) {
    match config {
        Value::Array(items) => items.iter_mut().for_each(trim_names),
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_name = ["Id", "Key", "Sid", "Token"].iter().any(|end| name.ends_with(end));
                match value {
                    Value::String(text) if is_name && text.trim().len() != text.len() => *text = text.trim().to_owned(),
                    inner => trim_names(inner),
                }
            }
        }
        _ => {}
    }
}

/// What an admin may set in place of a standard connector's manifest.
const METADATA: [&str; 4] = ["target", "name", "logo", "logoDark"];

/// The name under which identities of this connector's provider are kept.
pub fn target_of(factory: &Factory, settings: &ConnectorSettings) -> String {
    let own = settings.metadata.get("target").and_then(Value::as_str);
    own.unwrap_or(&factory.manifest.target).to_owned()
}

/// Every text of a configuration that names a place on the network.
pub(super) fn addresses(config: &Value) -> Vec<String> {
    match config {
        Value::String(text) if text.contains("://") => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(addresses).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let named =
                    ["host", "endpoint", "domain", "server"].iter().any(|word| name.to_lowercase().contains(word));
                if named { value.as_str().map(ToOwned::to_owned).into_iter().collect() } else { addresses(value) }
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_trimmed_and_never_blank_or_a_mask() {
        let marks = Marks::of(&json!({ "properties": {
            "pass": { "writeOnly": true }, "list": { "items": { "properties": { "key": { "writeOnly": true } } } } } }));
        let mut config = json!({ "pass": " s3cret\r\n", "accessKeyId": "id\t", "text": " as it is\n" });
        tidy(&marks, &mut config).unwrap();
        assert_eq!(config, json!({ "pass": "s3cret", "accessKeyId": "id", "text": " as it is\n" }));
        for (config, path) in [
            (json!({ "pass": " \t" }), "pass must not be blank"),
            (json!({ "pass": SECRET_MASK }), "pass has to be entered"),
            (json!({ "list": [{ "key": "\n" }] }), "list.key must not be blank"),
        ] {
            let refusal = tidy(&marks, &mut config.clone()).unwrap_err();
            assert!(refusal.detail().contains(path), "{}", refusal.detail());
        }
    }

    #[test]
    fn an_id_is_a_part_of_an_address() {
        for id in ["abc", "A_b-9", &"x".repeat(64)] {
            assert!(check_id(&id.into()).is_ok(), "{id}");
        }
        for id in ["", "a/b", "a b", "a\n", "é", "a.b", &"x".repeat(65)] {
            assert!(check_id(&id.into()).is_err(), "{id}");
        }
    }

    #[test]
    fn masked_secret_reuse_is_seen_by_the_addresses() {
        let old = serde_json::json!({ "host": "a.example", "deep": [{ "url": "https://a.example" }], "name": "x" });
        let mut new = old.clone();
        new["name"] = "y".into();
        assert_eq!(super::addresses(&old), super::addresses(&new));
        new["host"] = "evil.example".into();
        assert_ne!(super::addresses(&old), super::addresses(&new));
    }
}
