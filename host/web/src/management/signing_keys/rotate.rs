//! `POST /api/configs/oidc/{keyType}/rotate`: makes a new signing key; answers all of them.

use axum::Json;
use keyway_core::{Cx, signing_keys};
use keyway_model::ErrorCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::check_kind;
use super::view::KeyView;
use crate::error::WebError;
use crate::request::{OptionalBody, Path};

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rotation {
    /// `EC`.
    signing_key_algorithm: Option<String>,
    /// Seconds for which the new key is published before it signs; an hour when absent.
    rotation_grace_period: Option<i64>,
}

pub async fn rotate(
    cx: Cx,
    Path(key_type): Path<String>,
    OptionalBody(body): OptionalBody<Rotation>,
) -> Result<Json<Vec<KeyView>>, WebError> {
    check_kind(&key_type)?;
    if body.signing_key_algorithm.is_some_and(|algorithm| algorithm != "EC") {
        return Err(ErrorCode::OnlyEc.into());
    }
    signing_keys::rotate(&cx, body.rotation_grace_period).await?;
    Ok(Json(signing_keys::list(&cx).await?.into_iter().map(KeyView::from).collect()))
}
