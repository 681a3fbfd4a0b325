//! Sets up, changes, tests and removes connectors.

use std::sync::Arc;

use keyway_model::connector::{Connector, ConnectorKind, ConnectorSettings, Routing, mask_secrets, restore_secrets};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::phone::Phone;
use keyway_model::{ConnectorId, ErrorCode, FactoryId, Refusal, TenantId};
use keyway_sandbox::{CallError, Message};
use keyway_store::{connector_cache, connectors};
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
    /// New metadata, merged into the old.
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
                mask_secrets(&factory.manifest.config, &mut connector.config);
                shown.push((connector, factory));
            }
        }
        Ok(shown)
    }

    pub(crate) async fn stored_connectors(&self, tenant: &TenantId) -> Result<Vec<Connector>, CoreError> {
        let (tenant, key) = (tenant.clone(), self.parts.master_key.clone());
        self.parts.store.read(|tx| Box::pin(async move { Ok(connectors::list(tx, &tenant, &key).await?) })).await
    }

    /// The kinds of connectors that are set up and not switched off.
    pub async fn connector_kinds(&self, tenant: &TenantId) -> Result<Vec<ConnectorKind>, CoreError> {
        let stored = self.stored_connectors(tenant).await?;
        Ok(stored.iter().filter(|connector| !connector.settings.disabled).map(|connector| connector.kind).collect())
    }

    /// Sets up a connector. One that sends messages replaces the others of its kind, unless it is to stand beside them.
    pub async fn create_connector(&self, tenant: &TenantId, new: NewConnector) -> Result<ConnectorId, CoreError> {
        let factory = self.registry.get(tenant, &new.factory_id).ok_or(ErrorCode::ConnectorFactoryUnknown)?;
        self.check_settings(tenant, &factory, None, &new.settings).await?;
        self.check_config(&factory, &new.config).await?;
        let connector = Connector {
            id: new.id.unwrap_or_else(|| self.id()),
            factory_id: new.factory_id,
            kind: factory.manifest.kind,
            config: new.config,
            settings: new.settings,
            created_at: self.now(),
        };
        let (id, tenant, key) = (connector.id.clone(), tenant.clone(), self.parts.master_key.clone());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if connector.kind != ConnectorKind::Social && !new.beside {
                        connectors::delete_kind(tx, &tenant, connector.kind).await?;
                    }
                    connectors::put(tx, &tenant, &connector, &key).await?;
                    Ok::<_, CoreError>(())
                })
            })
            .await?;
        Ok(id)
    }

    /// The rules on what is set beside a configuration.
    async fn check_settings(
        &self,
        tenant: &TenantId,
        factory: &Factory,
        own: Option<&ConnectorId>,
        settings: &ConnectorSettings,
    ) -> Result<(), CoreError> {
        let manifest = &factory.manifest;
        if settings
            .routing
            .prefixes
            .iter()
            .any(|prefix| prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(Refusal::invalid_input("routing.prefixes", "digits of a country code, such as 86").into());
        }
        if !manifest.is_standard && !settings.metadata.is_empty() {
            return Err(ErrorCode::ConnectorMetadataNotAllowed.into());
        }
        let target = target_of(factory, settings);
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
        if manifest.kind != ConnectorKind::Social {
            return Ok(());
        }
        for (other, others) in self.connectors(tenant).await? {
            if Some(&other.id) == own || other.kind != ConnectorKind::Social {
                continue;
            }
            if !manifest.is_standard && other.factory_id == manifest.id {
                return Err(ErrorCode::ConnectorMultipleInstances.into());
            }
            let same_place = others.manifest.platform == manifest.platform;
            if same_place && target_of(&others, &other.settings) == target {
                return Err(ErrorCode::ConnectorSameTarget.into());
            }
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
        let stored = self.stored_connectors(tenant).await?;
        let mut connector =
            stored.into_iter().find(|connector| connector.id == *id).ok_or(ErrorCode::EntityNotFound)?;
        let factory = self.registry.get(tenant, &connector.factory_id).ok_or(ErrorCode::ConnectorFactoryNotFound)?;
        let settings = &mut connector.settings;
        if let Some(metadata) = change.metadata {
            let target = metadata.get("target");
            if target.is_some() && target != settings.metadata.get("target") {
                return Err(ErrorCode::ConnectorTargetFixed.into());
            }
            settings.metadata.extend(metadata);
        }
        settings.sync_profile = change.sync_profile.unwrap_or(settings.sync_profile);
        settings.enable_token_storage = change.enable_token_storage.unwrap_or(settings.enable_token_storage);
        settings.trust_verified_addresses = change.trust_verified_addresses.or(settings.trust_verified_addresses);
        settings.routing = change.routing.unwrap_or_else(|| settings.routing.clone());
        settings.disabled = change.enabled.map_or(settings.disabled, |enabled| !enabled);
        self.check_settings(tenant, &factory, Some(id), &connector.settings.clone()).await?;
        if let Some(mut config) = change.config {
            let restored = restore_secrets(&factory.manifest.config, &mut config, &connector.config);
            if restored > 0 && addresses(&config) != addresses(&connector.config) {
                return Err(ErrorCode::ConnectorHostChanged.into());
            }
            self.check_config(&factory, &config).await?;
            connector.config = config;
        }
        let (tenant, key) = (tenant.clone(), self.parts.master_key.clone());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    // What was kept under the old configuration may belong to another account at the provider.
                    connector_cache::delete(tx, &tenant, &connector.id, None).await?;
                    Ok::<_, CoreError>(connectors::put(tx, &tenant, &connector, &key).await?)
                })
            })
            .await
    }

    /// Removes a connector.
    pub async fn delete_connector(&self, tenant: &TenantId, id: &ConnectorId) -> Result<(), CoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        let deleted = self
            .parts
            .store
            .write(move |tx| Box::pin(async move { Ok::<_, CoreError>(connectors::delete(tx, &tenant, &id).await?) }));
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }

    /// Sends a test message of usage Generic with code `000000` through settings that need not be saved; returns what the
    /// provider said. The refusal holds the provider's own words: they are for the admin.
    pub async fn test_connector(
        &self,
        tenant: &TenantId,
        factory_id: &FactoryId,
        phone: Option<&str>,
        email: Option<&str>,
        locale: Option<&str>,
        mut config: Value,
    ) -> Result<Value, CoreError> {
        let factory = self.registry.get(tenant, factory_id).ok_or_else(|| {
            let message = format!("There is no connector factory {factory_id}.");
            Refusal::with_message(ErrorCode::ConnectorUnexpectedType, message)
        })?;
        let to = match (factory.manifest.kind, phone, email) {
            (ConnectorKind::Sms, Some(phone), _) => Phone::parse(phone, None)?.digits().to_owned(),
            (ConnectorKind::Email, _, Some(email)) => Identifier::parse(IdentifierKind::Email, email)?.value,
            _ => return Err(ErrorCode::ConnectorUnexpectedType.into()),
        };
        let stored = self.stored_connectors(tenant).await?;
        if let Some(saved) = stored.iter().find(|connector| connector.factory_id == *factory_id) {
            let restored = restore_secrets(&factory.manifest.config, &mut config, &saved.config);
            if restored > 0 && addresses(&config) != addresses(&saved.config) {
                return Err(ErrorCode::ConnectorHostChanged.into());
            }
        }
        self.check_config(&factory, &config).await?;
        let message = Message {
            to,
            usage: "Generic".into(),
            payload: json!({ "code": "000000" }).to_string(),
            locale: locale.map(ToOwned::to_owned),
            template: None,
        };
        self.try_out(&factory, &config, message).await
    }

    async fn check_config(&self, factory: &Factory, config: &Value) -> Result<(), CoreError> {
        schema::check(&factory.manifest.config, config)?;
        let sandbox = self.registry.sandbox();
        let component = factory.component(sandbox).await.map_err(|error| {
            tracing::error!(%error, factory = %factory.manifest.id, "connector not loaded");
            ErrorCode::ConnectorFailed
        })?;
        match sandbox.validate(component, config).await {
            Ok(()) => Ok(()),
            Err(CallError::Failure(failure)) => {
                Err(Refusal::with_message(ErrorCode::ConnectorInvalidConfig, failure.message).into())
            }
            Err(error) => {
                tracing::warn!(%error, factory = %factory.manifest.id, "connector failed to validate");
                Err(ErrorCode::ConnectorFailed.into())
            }
        }
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
fn addresses(config: &Value) -> Vec<String> {
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
