//! `POST /api/connectors`: one that sends messages replaces the other of its kind.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::{self, NewConnector, WishedId};
use keyway_model::connector::{ConnectorSettings, Routing};
use keyway_model::{ConnectorId, FactoryId};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::view::ConnectorView;
use crate::error::WebError;
use crate::request::Body;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateConnector {
    /// Id of the connector factory.
    connector_id: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// Whether name and avatar follow the provider at every sign-in.
    #[serde(default)]
    sync_profile: bool,
    /// Whether the provider's tokens are kept.
    #[serde(default)]
    enable_token_storage: bool,
    /// Whether addresses that the provider calls verified count, for new accounts and for linking. When absent, those of the
    /// connectors of the binary do.
    trust_verified_addresses: Option<bool>,
    /// Which messages it takes; with this, it stands beside the others of its kind in place of replacing them.
    #[schema(value_type = Option<Object>)]
    routing: Option<Routing>,
    /// Id of the connector.
    id: Option<String>,
}

pub async fn create(cx: Cx, Body(body): Body<CreateConnector>) -> Result<Json<ConnectorView>, WebError> {
    let new = NewConnector {
        factory_id: FactoryId(body.connector_id),
        config: Value::Object(body.config),
        beside: body.routing.is_some(),
        settings: ConnectorSettings {
            metadata: body.metadata.unwrap_or_default(),
            sync_profile: body.sync_profile,
            enable_token_storage: body.enable_token_storage,
            trust_verified_addresses: body.trust_verified_addresses,
            routing: body.routing.unwrap_or_default(),
            disabled: false,
        },
        id: body.id.map_or(WishedId::Any, |id| WishedId::Only(ConnectorId(id))),
    };
    Ok(Json(ConnectorView::new(&cx, connectors::create(&cx, new).await?)))
}
