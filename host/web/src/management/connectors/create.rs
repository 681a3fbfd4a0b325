//! `POST /api/connectors`: one that sends messages replaces the other of its kind.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::{self, NewConnector, WishedId};
use keyway_model::{ConnectorId, FactoryId};
use serde_json::{Map, Value};

use super::settings::body_with_settings;
use super::view::ConnectorView;
use crate::error::WebError;
use crate::request::Body;

body_with_settings! {
    CreateConnector {
        /// Id of the connector factory.
        connector_id: String,
        #[serde(default)]
        #[schema(value_type = Object)]
        config: Map<String, Value>,
        /// Id of the connector.
        id: Option<String>,
    }
}

pub async fn create(cx: Cx, Body(mut body): Body<CreateConnector>) -> Result<Json<ConnectorView>, WebError> {
    let settings = body.take_settings();
    let new = NewConnector {
        factory_id: FactoryId(body.connector_id),
        config: Value::Object(body.config),
        beside: settings.routing.is_some(),
        settings,
        id: body.id.map_or(WishedId::Any, |id| WishedId::Only(ConnectorId(id))),
    };
    Ok(Json(ConnectorView::new(&cx, connectors::create(&cx, new).await?)))
}
