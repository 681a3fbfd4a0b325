//! Proof by an outside provider.

use axum::Json;
use axum::extract::{Path, State};
use keyway_model::{ConnectorId, VerificationId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::VerificationAnswer;
use crate::Web;
use crate::error::WebError;
use crate::request::{Body, Browser};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartBody {
    state: String,
    redirect_uri: String,
    scope: Option<String>,
}

/// `POST /api/experience/verification/social/{connectorId}/authorization-uri`
pub async fn authorization_uri(
    State(web): State<Web>,
    Browser(caller): Browser,
    Path(id): Path<String>,
    Body(body): Body<StartBody>,
) -> Result<Json<Value>, WebError> {
    let id = ConnectorId(id);
    let started = web.core.start_social(&caller, &id, Some(body.state), body.redirect_uri, body.scope).await;
    let (verification, uri) = started.map_err(|error| WebError::from(error).for_end_user())?;
    Ok(Json(json!({ "verificationId": verification, "authorizationUri": uri })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyBody {
    connector_data: Map<String, Value>,
    verification_id: Option<VerificationId>,
}

/// `POST /api/experience/verification/social/{connectorId}/verify`
pub async fn verify(
    State(web): State<Web>,
    Browser(caller): Browser,
    Path(id): Path<String>,
    Body(body): Body<VerifyBody>,
) -> Result<Json<VerificationAnswer>, WebError> {
    let id = ConnectorId(id);
    let finished =
        web.core.finish_social(&caller, &id, body.verification_id.as_ref(), body.connector_data, false).await;
    let verification = finished.map_err(|error| WebError::from(error).for_end_user())?;
    Ok(Json(VerificationAnswer { verification_id: verification.0 }))
}
