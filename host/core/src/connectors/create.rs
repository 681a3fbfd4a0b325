//! Sets up connectors.

use keyway_model::connector::{Connector, ConnectorSettings, ConnectorSettingsChange};
use keyway_model::marks::Marks;
use keyway_model::{ConnectorId, FactoryId};
use keyway_store::{connector_versions, connectors};
use serde_json::Value;

use super::ConnectorError;
use super::config::{check_config, tidy};
use super::factories::serving;
use super::list::{Configured, masked};
use super::rules::{ATTEMPTS, check_id, check_settings, check_target, check_unique};
use crate::Cx;
use crate::events::{Event, EventKind};

/// A connector to be set up.
#[derive(Debug, Clone)]
pub struct NewConnector {
    /// Which component.
    pub factory_id: FactoryId,
    /// Its configuration.
    pub config: Value,
    /// What is set beside it.
    pub settings: ConnectorSettingsChange,
    /// Its id.
    pub id: WishedId,
    /// Whether it stands beside others of its kind that send messages, in place of replacing them.
    pub beside: bool,
}

/// The id of a connector to be: 1 to 64 letters, digits, `_` and `-`.
#[derive(Debug, Clone, Default)]
pub enum WishedId {
    /// A new one.
    #[default]
    Any,
    /// This one, or a new one where it is taken by now.
    OrAny(ConnectorId),
    /// This one alone.
    Only(ConnectorId),
}

/// An id for a connector to be, so that its callback address is known before it is set up.
pub fn new_id(cx: &Cx) -> ConnectorId {
    cx.core().id()
}

/// Sets up a connector. One that sends messages replaces the others of its kind, unless it is to stand beside them.
#[tracing::instrument(name = "connectors.create", skip_all)]
pub async fn create(cx: &Cx, new: NewConnector) -> Result<Configured, ConnectorError> {
    if let WishedId::OrAny(id) | WishedId::Only(id) = &new.id {
        check_id(id)?;
    }
    // The version that serves judges the configuration outside the transaction; it is stored if that version still serves.
    for _ in 0..ATTEMPTS {
        if let Some(made) = try_to_create(cx, &new).await? {
            return Ok(made);
        }
    }
    Err(ConnectorError::Contended)
}

/// The new connector; none when another version serves by now, which has not judged it.
async fn try_to_create(cx: &Cx, new: &NewConnector) -> Result<Option<Configured>, ConnectorError> {
    let core = cx.core();
    let (factory, active) = serving(cx, &new.factory_id).await?;
    let factory = factory.ok_or(ConnectorError::NoFactory)?;
    let mut config = new.config.clone();
    let settings = ConnectorSettings::default().changed(new.settings.clone());
    let marks = Marks::of(&factory.manifest.config);
    tidy(&marks, &mut config)?;
    check_settings(&factory, &settings)?;
    check_target(core, &factory, &settings)?;
    check_config(core, &factory, &config, &marks).await?;
    let spare = new_id(cx);
    let mut connector = Connector {
        id: match &new.id {
            WishedId::Any => spare.clone(),
            WishedId::OrAny(id) | WishedId::Only(id) => id.clone(),
        },
        factory_id: new.factory_id.clone(),
        kind: factory.manifest.kind,
        config,
        marks,
        settings,
        created_at: core.now(),
    };
    let is_firm = matches!(new.id, WishedId::Only(_));
    let (serves, factories, key) = (factory.clone(), core.registry.all(&cx.tenant), core.parts.master_key.clone());
    let replaces = !connector.kind.signs_in() && !new.beside;
    let made = cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        let stored = connectors::list(tx, &cx.tenant, &key).await?;
        if stored.iter().any(|one| one.id == connector.id) {
            if is_firm {
                return Err(ConnectorError::IdTaken);
            }
            connector.id = spare;
        }
        if connector_versions::active_of(tx, &cx.tenant, &connector.factory_id).await? != active {
            return Ok(None);
        }
        check_unique(&factory, &factories, &stored, &connector)?;
        if replaces {
            connectors::delete_kind(tx, &cx.tenant, connector.kind).await?;
            for one in stored.into_iter().filter(|one| one.kind == connector.kind) {
                let of = factories.iter().find(|factory| factory.manifest.id == one.factory_id);
                let one = masked(one, of.map(AsRef::as_ref));
                cx.emit(tx, Event::deleted(EventKind::ConnectorDeleted, &one)).await?;
            }
        }
        connectors::insert(tx, &cx.tenant, &connector, &key).await?;
        cx.emit(tx, Event::created(EventKind::ConnectorCreated, &connector)).await?;
        Ok(Some(masked(connector, None)))
    });
    Ok(made.await?.map(|shown| (shown, serves)))
}
