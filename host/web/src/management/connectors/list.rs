//! `GET /api/connectors`: the connectors that are set up.

use axum::Json;
use keyway_core::{Cx, connectors};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::ConnectorView;
use crate::error::WebError;
use crate::request::Query;

#[derive(Deserialize, IntoParams)]
pub struct ConnectorQuery {
    target: Option<String>,
}

pub async fn list(cx: Cx, Query(filter): Query<ConnectorQuery>) -> Result<Json<Vec<ConnectorView>>, WebError> {
    let found = connectors::list(&cx).await?.into_iter().map(|one| ConnectorView::new(&cx, one));
    let is_wanted = |one: &ConnectorView| filter.target.as_ref().is_none_or(|target| one.target() == target);
    Ok(Json(found.filter(is_wanted).collect()))
}
