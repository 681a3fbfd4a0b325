//! Changes connectors.

use keyway_model::ConnectorId;
use keyway_model::connector::{Connector, ConnectorSettingsChange};
use keyway_model::marks::Marks;
use keyway_store::{connector_cache, connector_versions, connectors};
use serde_json::{Value, json};

use super::config::{check_config, restore, tidy};
use super::factories::serving;
use super::list::{Configured, masked, stored};
use super::rules::{ATTEMPTS, check_settings, check_unique, is_same};
use super::{ConnectorError, Factory};
use crate::events::{CHANGED, Event, EventKind};
use crate::{Core, Cx};

/// What of a connector changes.
#[derive(Debug, Clone, Default)]
pub struct ConnectorChange {
    /// The whole new configuration.
    pub config: Option<Value>,
    /// What is set beside it.
    pub settings: ConnectorSettingsChange,
}

/// Changes a connector. A masked secret keeps its stored value, unless another setting that holds an address changed:
/// then the secret would be sent somewhere new, and must be typed again.
#[tracing::instrument(name = "connectors.update", skip_all)]
pub async fn update(cx: &Cx, id: &ConnectorId, change: ConnectorChange) -> Result<Configured, ConnectorError> {
    let core = cx.core();
    // The module judges the new configuration outside the transaction; it is saved if what it was made of is still stored.
    for _ in 0..ATTEMPTS {
        let all = stored(core, &cx.tenant).await?;
        let before = all.into_iter().find(|connector| connector.id == *id).ok_or(ConnectorError::NotFound)?;
        let (factory, active) = serving(cx, &before.factory_id).await?;
        let factory = factory.ok_or(ConnectorError::FactoryGone)?;
        let next = changed(core, &factory, &before, &change).await?;
        let event = event(&before, &next, &factory);
        let shown = (masked(next.clone(), Some(&factory)), factory.clone());
        let (key, factories) = (core.parts.master_key.clone(), core.registry.all(&cx.tenant));
        let saved = cx.write(async move |tx| {
            crate::tenants::lock(tx, &cx.tenant).await?;
            let stored = connectors::list(tx, &cx.tenant, &key).await?;
            let now = stored.iter().find(|one| one.id == next.id).ok_or(ConnectorError::NotFound)?;
            let serves = connector_versions::active_of(tx, &cx.tenant, &next.factory_id).await?;
            if serves != active || !is_same(&before, now) {
                return Ok(false);
            }
            check_unique(&factory, &factories, &stored, &next)?;
            // What was kept under the old configuration may belong to another account at the provider.
            connector_cache::delete(tx, &cx.tenant, &next.id, None).await?;
            connectors::update(tx, &cx.tenant, &next, &key).await?;
            cx.emit(tx, event).await?;
            Ok::<_, ConnectorError>(true)
        });
        if saved.await? {
            return Ok(shown);
        }
    }
    Err(ConnectorError::Contended)
}

async fn changed(
    core: &Core,
    factory: &Factory,
    before: &Connector,
    change: &ConnectorChange,
) -> Result<Connector, ConnectorError> {
    let mut next = before.clone();
    let target = change.settings.metadata.as_ref().and_then(|metadata| metadata.get("target"));
    if target.is_some() && target != before.settings.metadata.get("target") {
        return Err(ConnectorError::TargetFixed);
    }
    next.settings = next.settings.changed(change.settings.clone());
    check_settings(factory, &next.settings)?;
    if let Some(config) = &change.config {
        let mut config = config.clone();
        let own = Marks::of(&factory.manifest.config);
        let marks = own.and(&before.marks);
        restore(&marks, &mut config, &before.config)?;
        tidy(&marks, &mut config)?;
        next.marks = own.and(&before.marks.still(&config, &before.config));
        check_config(core, factory, &config, &next.marks).await?;
        next.config = config;
    }
    Ok(next)
}

/// What changed. A secret is a mask before and after: that it is another one is said beside it.
fn event(before: &Connector, next: &Connector, factory: &Factory) -> Event {
    let (old, new) = (masked(before.clone(), Some(factory)), masked(next.clone(), Some(factory)));
    let event = Event::updated(EventKind::ConnectorUpdated, &old, &new);
    let marks = old.marks.and(&new.marks);
    if marks.secret_values(&before.config) == marks.secret_values(&next.config) {
        event
    } else {
        event.added("secrets", json!(CHANGED))
    }
}
