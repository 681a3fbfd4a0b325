//! Proof by an outside provider.

use axum::Json;
use keyway_core::signin::{self, Browser, SocialAnswer, SocialStart};
use keyway_model::{ConnectorId, VerificationId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::VerificationAnswer;
use crate::error::WebError;
use crate::request::{Body, Path};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartBody {
    state: String,
    redirect_uri: String,
    scope: Option<String>,
}

/// `POST /api/experience/verification/social/{connectorId}/authorization-uri`
pub async fn authorization_uri(
    browser: Browser,
    Path(id): Path<ConnectorId>,
    Body(body): Body<StartBody>,
) -> Result<Json<Value>, WebError> {
    let StartBody { state, redirect_uri, scope } = body;
    let wish = SocialStart { state, redirect_uri, scope, starts: false };
    let started = signin::start_social(&browser, &id, wish).await;
    let (verification, uri) = started.map_err(|error| WebError::from(error).for_end_user())?;
    Ok(Json(json!({ "verificationId": verification, "authorizationUri": uri })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifySocialBody {
    connector_data: Map<String, Value>,
    verification_id: Option<VerificationId>,
}

/// `POST /api/experience/verification/social/{connectorId}/verify`
pub async fn verify(
    browser: Browser,
    Path(id): Path<ConnectorId>,
    Body(body): Body<VerifySocialBody>,
) -> Result<Json<VerificationAnswer>, WebError> {
    let VerifySocialBody { connector_data: data, verification_id: verification } = body;
    let answer = SocialAnswer { verification, data, must_have_state: false };
    let finished = signin::finish_social(&browser, &id, answer).await;
    let verification = finished.map_err(|error| WebError::from(error).for_end_user())?;
    Ok(Json(VerificationAnswer { verification_id: verification.0 }))
}
