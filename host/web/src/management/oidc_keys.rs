//! `/api/configs/oidc`: signing keys. Only private keys exist here; cookies carry no signatures.

use axum::Json;
use axum::extract::State;
use keyway_core::keys::KeyInfo;
use keyway_model::{ErrorCode, KeyId};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{OptionalBody, Path};
use crate::response::NoContent;
use keyway_model::resource::ManagementScope::All;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Configs")
        .add(declaration::get("/api/configs/oidc/{keyType}", All, "List signing keys", list))
        .add(declaration::post("/api/configs/oidc/{keyType}/rotate", All, "Rotate signing keys", rotate))
        .add(declaration::delete("/api/configs/oidc/{keyType}/{keyId}", All, "Delete a signing key", delete))
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
async fn rotate(
    State(web): State<Web>,
    Path(key_type): Path<String>,
    OptionalBody(asked): OptionalBody<Rotation>,
) -> Result<Json<Value>, WebError> {
    known(&key_type)?;
    if asked.signing_key_algorithm.is_some_and(|algorithm| algorithm != "EC") {
        return Err(ErrorCode::OnlyEc.into());
    }
    web.core.rotate_signing_key(&web.tenant, asked.rotation_grace_period).await?;
    shown(&web).await
}

/// Removes a key that does not sign; tokens that it signed are refused from then on.
async fn delete(
    State(web): State<Web>,
    Path((key_type, key_id)): Path<(String, String)>,
) -> Result<NoContent, WebError> {
    known(&key_type)?;
    web.core.delete_signing_key(&web.tenant, &KeyId(key_id)).await?;
    Ok(NoContent)
}
