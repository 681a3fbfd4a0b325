//! `/api/configs/oidc`: signing keys. Only private keys exist here; cookies carry no signatures.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use keyway_core::keys::KeyInfo;
use keyway_model::{ErrorCode, KeyId, Refusal};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::error::WebError;

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(rotate)).routes(routes!(delete))
}

fn known(key_type: &str) -> Result<(), WebError> {
    match key_type {
        "private-keys" => Ok(()),
        "cookie-keys" => Err(ErrorCode::NoSuchKeys.into()),
        _ => Err(ErrorCode::NotFound.into()),
    }
}

fn view(key: &KeyInfo) -> Value {
    json!({
        "id": key.id,
        "createdAt": key.created_at.seconds(),
        "signingKeyAlgorithm": "EC",
        "status": key.status,
        "signsFrom": key.signs_from.seconds(),
    })
}

async fn shown(web: &Web) -> Result<Json<Value>, WebError> {
    let keys = web.core.signing_keys(&web.tenant).await?;
    Ok(Json(keys.iter().map(view).collect()))
}

/// The signing keys, without their private halves.
#[utoipa::path(get, path = "/api/configs/oidc/{keyType}", tag = "Configs", summary = "List signing keys",
    params(("keyType" = String, Path)), responses((status = 200), (status = 422)))]
async fn list(State(web): State<Web>, Path(key_type): Path<String>) -> Result<Json<Value>, WebError> {
    known(&key_type)?;
    shown(&web).await
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rotation {
    /// `EC`.
    signing_key_algorithm: Option<String>,
    /// Seconds for which the new key is published before it signs; an hour when absent.
    rotation_grace_period: Option<i64>,
}

/// Makes a new signing key.
#[utoipa::path(post, path = "/api/configs/oidc/{keyType}/rotate", tag = "Configs", summary = "Rotate signing keys",
    params(("keyType" = String, Path)), request_body = Rotation, responses((status = 200), (status = 400), (status = 422)))]
async fn rotate(State(web): State<Web>, Path(key_type): Path<String>, body: Bytes) -> Result<Json<Value>, WebError> {
    known(&key_type)?;
    let asked = if body.is_empty() { Ok(Rotation::default()) } else { serde_json::from_slice::<Rotation>(&body) };
    let asked = asked.map_err(|error| Refusal::invalid_input("body", &error.to_string()))?;
    if asked.signing_key_algorithm.is_some_and(|algorithm| algorithm != "EC") {
        return Err(ErrorCode::OnlyEc.into());
    }
    web.core.rotate_signing_key(&web.tenant, asked.rotation_grace_period).await?;
    shown(&web).await
}

/// Removes a key that does not sign; tokens that it signed are refused from then on.
#[utoipa::path(delete, path = "/api/configs/oidc/{keyType}/{keyId}", tag = "Configs", summary = "Delete a signing key",
    params(("keyType" = String, Path), ("keyId" = String, Path)),
    responses((status = 204), (status = 404), (status = 422)))]
async fn delete(
    State(web): State<Web>,
    Path((key_type, key_id)): Path<(String, String)>,
) -> Result<StatusCode, WebError> {
    known(&key_type)?;
    web.core.delete_signing_key(&web.tenant, &KeyId(key_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
