//! What is set beside a connector's configuration, in bodies and answers.

use keyway_core::connectors::Factory;
use keyway_model::connector::{ConnectorSettings, Routing};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A body that has what is set beside a configuration among its own fields: what is absent stays as it is. `serde(flatten)` would
/// lose the place of what is wrong.
macro_rules! body_with_settings {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$attribute])* $field: $type,)*
            /// What stands in place of a standard connector's manifest.
            #[schema(value_type = Option<Object>)]
            metadata: Option<serde_json::Map<String, serde_json::Value>>,
            /// Whether name and avatar follow the provider at every sign-in.
            sync_profile: Option<bool>,
            /// Whether the provider's tokens are kept.
            enable_token_storage: Option<bool>,
            /// Whether addresses that the provider calls verified count, for new accounts and for linking. As long as it is not
            /// said, those of the connectors of the binary do.
            trust_verified_addresses: Option<bool>,
            /// Which messages it takes; given to a new connector, it stands beside the others of its kind in place of replacing
            /// them.
            #[schema(value_type = Option<Object>)]
            routing: Option<keyway_model::connector::Routing>,
            /// Whether it serves.
            enabled: Option<bool>,
        }

        impl $name {
            fn take_settings(&mut self) -> keyway_model::connector::ConnectorSettingsChange {
                keyway_model::connector::ConnectorSettingsChange {
                    metadata: self.metadata.take(),
                    sync_profile: self.sync_profile,
                    enable_token_storage: self.enable_token_storage,
                    trust_verified_addresses: self.trust_verified_addresses,
                    routing: self.routing.take(),
                    enabled: self.enabled,
                }
            }
        }
    };
}

pub(super) use body_with_settings;

/// What is set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    /// What stands in place of the manifest's words.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    sync_profile: bool,
    enable_token_storage: bool,
    /// Whether addresses that the provider calls verified count; of connectors that sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    trust_verified_addresses: Option<bool>,
    #[schema(value_type = Object)]
    routing: Routing,
    enabled: bool,
}

impl SettingsView {
    /// The settings of a connector of this factory.
    pub fn new(settings: ConnectorSettings, factory: &Factory) -> Self {
        let signs_in = factory.manifest.kind.signs_in();
        Self {
            trust_verified_addresses: signs_in.then(|| factory.trusts_addresses(&settings)),
            metadata: settings.metadata,
            sync_profile: settings.sync_profile,
            enable_token_storage: settings.enable_token_storage,
            routing: settings.routing,
            enabled: !settings.disabled,
        }
    }
}
