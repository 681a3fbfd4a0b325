//! `PATCH /api/connectors/{id}`: the given fields. A configuration is replaced whole; a masked secret keeps its stored value.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::{self, ConnectorChange};
use keyway_model::ConnectorId;
use serde_json::{Map, Value};

use super::settings::body_with_settings;
use super::view::ConnectorView;
use crate::error::WebError;
use crate::request::{Body, Path};

body_with_settings! {
    UpdateConnector {
        #[schema(value_type = Option<Object>)]
        config: Option<Map<String, Value>>,
    }
}

pub async fn update(
    cx: Cx,
    Path(id): Path<ConnectorId>,
    Body(mut body): Body<UpdateConnector>,
) -> Result<Json<ConnectorView>, WebError> {
    let settings = body.take_settings();
    let change = ConnectorChange { config: body.config.map(Value::Object), settings };
    Ok(Json(ConnectorView::new(&cx, connectors::update(&cx, &id, change).await?)))
}
