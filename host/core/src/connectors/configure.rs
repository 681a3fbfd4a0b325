//! Sets up, changes, tests and removes connectors.

use std::sync::Arc;

use keyway_model::connector::{Connector, ConnectorKind, mask_secrets, restore_secrets};
use keyway_model::phone::Phone;
use keyway_model::{ConnectorId, ErrorCode, FactoryId, Refusal, TenantId};
use keyway_sandbox::CallError;
use keyway_store::connectors;
use serde_json::Value;

use super::{Factory, schema};
use crate::{Core, CoreError};

/// What an admin gives to set up a connector.
pub struct NewConnector {
    /// Which component.
    pub factory_id: FactoryId,
    /// Its configuration.
    pub config: Value,
    /// A wished id.
    pub id: Option<ConnectorId>,
}

impl Core {
    /// Every loaded component.
    pub async fn connector_factories(&self) -> Vec<Arc<Factory>> {
        self.registry.all().await
    }

    /// The component with this id.
    pub async fn connector_factory(&self, id: &FactoryId) -> Option<Arc<Factory>> {
        self.registry.get(id).await
    }

    /// The connectors of a tenant with their factories; secrets are masked. One whose component is gone is left out.
    pub async fn connectors(&self, tenant: &TenantId) -> Result<Vec<(Connector, Arc<Factory>)>, CoreError> {
        let mut shown = Vec::new();
        for mut connector in self.stored_connectors(tenant).await? {
            if let Some(factory) = self.registry.get(&connector.factory_id).await {
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

    /// The kinds of connectors that are set up.
    pub async fn connector_kinds(&self, tenant: &TenantId) -> Result<Vec<ConnectorKind>, CoreError> {
        Ok(self.stored_connectors(tenant).await?.into_iter().map(|connector| connector.kind).collect())
    }

    /// Sets up a connector; it replaces the one of its kind that sends messages.
    pub async fn create_connector(&self, tenant: &TenantId, new: NewConnector) -> Result<ConnectorId, CoreError> {
        let factory = self.registry.get(&new.factory_id).await.ok_or(ErrorCode::ConnectorFactoryUnknown)?;
        self.check_config(&factory, &new.config).await?;
        let connector = Connector {
            id: new.id.unwrap_or_else(|| self.id()),
            factory_id: new.factory_id,
            kind: factory.manifest.kind,
            config: new.config,
            created_at: self.now(),
        };
        let (id, tenant, key) = (connector.id.clone(), tenant.clone(), self.parts.master_key.clone());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if connector.kind != ConnectorKind::Social {
                        connectors::delete_kind(tx, &tenant, connector.kind).await?;
                    }
                    connectors::put(tx, &tenant, &connector, &key).await?;
                    Ok::<_, CoreError>(())
                })
            })
            .await?;
        Ok(id)
    }

    /// Replaces a connector's configuration. A masked secret keeps its stored value, unless another setting that holds an
    /// address changed: then the secret would be sent somewhere new, and must be typed again.
    pub async fn update_connector(
        &self,
        tenant: &TenantId,
        id: &ConnectorId,
        mut config: Value,
    ) -> Result<(), CoreError> {
        let stored = self.stored_connectors(tenant).await?;
        let mut connector =
            stored.into_iter().find(|connector| connector.id == *id).ok_or(ErrorCode::EntityNotFound)?;
        let factory = self.registry.get(&connector.factory_id).await.ok_or(ErrorCode::ConnectorFactoryNotFound)?;
        let restored = restore_secrets(&factory.manifest.config, &mut config, &connector.config);
        if restored > 0 && addresses(&config) != addresses(&connector.config) {
            return Err(ErrorCode::ConnectorHostChanged.into());
        }
        self.check_config(&factory, &config).await?;
        connector.config = config;
        let (tenant, key) = (tenant.clone(), self.parts.master_key.clone());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move { Ok::<_, CoreError>(connectors::put(tx, &tenant, &connector, &key).await?) })
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

    /// Sends a test message of usage Generic with code `000000` through settings that need not be saved. The refusal holds
    /// the provider's own words: they are for the admin.
    pub async fn test_connector(
        &self,
        tenant: &TenantId,
        factory_id: &FactoryId,
        phone: Option<&str>,
        email: Option<&str>,
        mut config: Value,
    ) -> Result<(), CoreError> {
        let factory = self.registry.get(factory_id).await.ok_or_else(|| {
            let message = format!("There is no connector factory {factory_id}.");
            Refusal::with_message(ErrorCode::ConnectorUnexpectedType, message)
        })?;
        let to = match (factory.manifest.kind, phone, email) {
            (ConnectorKind::Sms, Some(phone), _) => Phone::parse(phone, None)?.digits().to_owned(),
            (ConnectorKind::Email, _, Some(email)) => email.to_owned(),
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
        self.call(&factory, &config, &to, "Generic", "000000", None).await
    }

    async fn check_config(&self, factory: &Factory, config: &Value) -> Result<(), CoreError> {
        schema::check(&factory.manifest.config, config)?;
        match self.registry.sandbox().validate(&factory.component, &config.to_string()).await {
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
