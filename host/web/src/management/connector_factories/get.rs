//! `GET /api/connector-factories/{id}`: a factory with its uploaded versions, newest first.

use axum::Json;
use keyway_core::Cx;
use keyway_core::connectors::factories;
use keyway_model::{ErrorCode, FactoryId};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{FactoryView, VersionView};
use crate::error::WebError;
use crate::request::Path;

/// A factory with its versions.
#[derive(Serialize, ToSchema)]
pub struct FactoryWithVersions {
    #[serde(flatten)]
    factory: ServingOrUploaded,
    versions: Vec<VersionView>,
    /// Why the version that should serve does not, on the node that answers.
    problem: Option<String>,
}

/// What serves, or the newest version where nothing does.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum ServingOrUploaded {
    Serving(Box<FactoryView>),
    Uploaded(Box<VersionView>),
}

/// A factory with its versions, as it is now.
pub async fn found(cx: &Cx, id: &FactoryId) -> Result<FactoryWithVersions, WebError> {
    let versions = factories::versions(cx).await?.into_iter().filter(|view| view.version.factory_id == *id);
    let versions: Vec<VersionView> = versions.map(VersionView::from).collect();
    let factory = match (factories::get(cx, id), versions.first()) {
        (Some(factory), _) => ServingOrUploaded::Serving(Box::new(FactoryView::from(&*factory))),
        (None, Some(newest)) => ServingOrUploaded::Uploaded(Box::new(newest.clone())),
        (None, None) => return Err(ErrorCode::EntityNotFound.into()),
    };
    let skew = factories::skew(cx).into_iter().find(|skew| skew.factory_id == *id);
    let problem = skew.map(|skew| format!("{}: {}", skew.digest, skew.reason));
    Ok(FactoryWithVersions { factory, versions, problem })
}

pub async fn get(cx: Cx, Path(id): Path<FactoryId>) -> Result<Json<FactoryWithVersions>, WebError> {
    Ok(Json(found(&cx, &id).await?))
}
