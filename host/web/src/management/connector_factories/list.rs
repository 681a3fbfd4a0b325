//! `GET /api/connector-factories`: every factory, by id.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::factories;

use super::view::FactoryView;

pub async fn list(cx: Cx) -> Json<Vec<FactoryView>> {
    Json(factories::list(&cx).iter().map(|factory| FactoryView::from(&**factory)).collect())
}
