//! `PATCH /api/connectors/{id}`: the given fields. A configuration is replaced whole; a masked secret keeps its stored value.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::{self, ConnectorChange};
use keyway_model::ConnectorId;
use keyway_model::connector::Routing;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::view::ConnectorView;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateConnector {
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    sync_profile: Option<bool>,
    enable_token_storage: Option<bool>,
    /// Whether addresses that the provider calls verified count, for new accounts and for linking.
    trust_verified_addresses: Option<bool>,
    #[schema(value_type = Option<Object>)]
    routing: Option<Routing>,
    /// Whether it serves.
    enabled: Option<bool>,
}

pub async fn update(
    cx: Cx,
    Path(id): Path<ConnectorId>,
    Body(body): Body<UpdateConnector>,
) -> Result<Json<ConnectorView>, WebError> {
    let change = ConnectorChange {
        config: body.config.map(Value::Object),
        metadata: body.metadata,
        sync_profile: body.sync_profile,
        enable_token_storage: body.enable_token_storage,
        trust_verified_addresses: body.trust_verified_addresses,
        routing: body.routing,
        enabled: body.enabled,
    };
    Ok(Json(ConnectorView::new(&cx, connectors::update(&cx, &id, change).await?)))
}
