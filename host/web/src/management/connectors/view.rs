//! A connector in Logto's shape, with what Keyway knows beyond it.

use keyway_core::Cx;
use keyway_core::connectors::Configured;
use keyway_model::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::settings::SettingsView;
use crate::management::connector_factories::view::FactoryView;

/// A connector: what its manifest says under the connector's own id, and what is set. Secrets are masked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorView {
    #[serde(flatten)]
    factory: FactoryView,
    tenant_id: String,
    /// Id of the factory.
    connector_id: String,
    #[schema(value_type = Object)]
    config: Value,
    #[serde(flatten)]
    settings: SettingsView,
    /// In milliseconds.
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl ConnectorView {
    /// A connector with its factory.
    pub fn new(cx: &Cx, (connector, factory): Configured) -> Self {
        let settings = connector.settings;
        let mut shown = FactoryView::from(&*factory);
        shown.manifest.id = connector.id.0;
        for (name, value) in &settings.metadata {
            match (name.as_str(), value) {
                ("target", Value::String(target)) => shown.manifest.target.clone_from(target),
                ("name", name) => shown.manifest.name = name.clone(),
                ("logo", logo) => shown.manifest.logo = logo.clone(),
                ("logoDark", logo) => shown.manifest.logo_dark = logo.clone(),
                _ => {}
            }
        }
        Self {
            factory: shown,
            tenant_id: cx.tenant.0.clone(),
            connector_id: connector.factory_id.0,
            config: connector.config,
            settings: SettingsView::new(settings, &factory),
            created_at: connector.created_at,
        }
    }

    /// The name under which identities of its provider are kept.
    pub fn target(&self) -> &str {
        &self.factory.manifest.target
    }
}
