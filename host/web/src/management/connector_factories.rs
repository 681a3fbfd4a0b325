//! `/api/connector-factories`: the components, their versions and their lives.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use futures_util::StreamExt as _;
use keyway_core::Cx;
use keyway_core::connectors::{Upload, VersionView};
use keyway_model::{ErrorCode, FactoryId, Refusal};
use serde_json::{Value, json};

use super::connectors::{factory_view, manifest_view};
use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{Path, Peer};
use crate::response::{Created, NoContent};
use keyway_model::resource::ManagementScope::{ConnectorsApprove, ConnectorsUpload, ConnectorsView};

/// Largest component in bytes: what Python needs, with room to spare.
const MAX_UPLOAD: usize = 24 * 1024 * 1024;

/// Time for the whole body, and for each piece of it.
const BODY_TIME: Duration = Duration::from_mins(2);
const IDLE: Duration = Duration::from_secs(10);

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Connector factories")
        .add(declaration::get("/api/connector-factories", ConnectorsView, "List connector factories", list))
        .add(declaration::get("/api/connector-factories/{id}", ConnectorsView, "Get a connector factory", get))
        .add(
            declaration::post("/api/connector-factories", ConnectorsUpload, "Upload a component", upload)
                .refusing(&[409, 413, 429, 507]),
        )
        .add(declaration::post(
            "/api/connector-factories/{id}/versions/{digest}/approve",
            ConnectorsApprove,
            "Approve a version",
            approve,
        ))
        .add(
            declaration::post(
                "/api/connector-factories/{id}/versions/{digest}/activate",
                ConnectorsApprove,
                "Activate a version",
                activate,
            )
            .refusing(&[409]),
        )
        .add(
            declaration::post("/api/connector-factories/{id}/rollback", ConnectorsApprove, "Roll back", roll_back)
                .refusing(&[409]),
        )
        .add(
            declaration::delete(
                "/api/connector-factories/{id}/versions/{digest}",
                ConnectorsApprove,
                "Delete a version",
                delete_version,
            )
            .refusing(&[409]),
        )
        .add(
            declaration::delete(
                "/api/connector-factories/{id}",
                ConnectorsApprove,
                "Delete an uploaded factory",
                delete,
            )
            .refusing(&[409]),
        )
}

fn version_view(view: &VersionView) -> Value {
    let version = &view.version;
    let mut shown = manifest_view(&version.manifest);
    for (name, value) in [
        ("digest", json!(version.digest)),
        ("state", json!(version.state)),
        ("size", json!(version.size)),
        ("signer", json!(version.signer)),
        ("uploadedBy", json!(version.uploaded_by)),
        ("approvedBy", json!(version.approved_by)),
        ("activatedAt", json!(version.activated_at)),
        ("createdAt", json!(version.created_at)),
        ("asks", json!(view.asks)),
        ("asksNew", json!(view.asks_new)),
    ] {
        shown.insert(name.into(), value);
    }
    Value::Object(shown)
}

/// Every connector factory.
async fn list(State(web): State<Web>) -> Json<Value> {
    let factories = web.core.connector_factories(&web.tenant);
    Json(factories.iter().map(|factory| Value::Object(factory_view(factory))).collect())
}

/// One connector factory with its uploaded versions, newest first.
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let id = FactoryId(id);
    let versions: Vec<VersionView> = web.core.connector_versions(&web.tenant).await?;
    let versions: Vec<Value> = versions.iter().filter(|view| view.version.factory_id == id).map(version_view).collect();
    let mut shown = match web.core.connector_factory(&web.tenant, &id) {
        Some(factory) => factory_view(&factory),
        // Uploaded, but nothing of it serves yet: the newest version stands for it.
        None => versions.first().and_then(Value::as_object).cloned().ok_or(ErrorCode::EntityNotFound)?,
    };
    let skew = web.core.connector_skew().into_iter().find(|skew| skew.factory_id == id);
    shown.insert("versions".into(), json!(versions));
    shown.insert("problem".into(), json!(skew.map(|skew| format!("{}: {}", skew.digest, skew.reason))));
    Ok(Json(Value::Object(shown)))
}

/// The whole body, which must not be larger than a component may be, nor take longer than a slow line needs for it.
pub async fn read(body: Body) -> Result<Vec<u8>, ErrorCode> {
    tokio::time::timeout(BODY_TIME, read_on(body)).await.map_err(|_| ErrorCode::UploadTimeout)?
}

async fn read_on(body: Body) -> Result<Vec<u8>, ErrorCode> {
    let mut wasm = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = tokio::time::timeout(IDLE, chunks.next()).await.map_err(|_| ErrorCode::UploadTimeout)? {
        let chunk = chunk.map_err(|_| ErrorCode::UploadTooLarge)?;
        if wasm.len() + chunk.len() > MAX_UPLOAD {
            return Err(ErrorCode::UploadTooLarge);
        }
        wasm.extend_from_slice(&chunk);
    }
    Ok(wasm)
}

/// Uploads a component: the body is the `.wasm` file. It is checked, compiled and kept, and serves nobody before it is
/// approved and activated. The header `keyway-signature` may hold a detached minisign signature, with `\\n` between its lines.
async fn upload(
    State(web): State<Web>,
    cx: Cx,
    Peer(visitor): Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Created<Value>, WebError> {
    let signature = headers.get("keyway-signature").map(|value| value.to_str().map(|text| text.replace("\\n", "\n")));
    let signature = signature.transpose().map_err(|_| Refusal::from(ErrorCode::UploadSignatureInvalid))?;
    // Before the bytes are read: those who wait hold none.
    let _turn = web.core.upload_turn().await?;
    let upload = Upload { wasm: read(body).await?, signature, by: by(&cx) };
    let version = web.core.upload_connector(&web.tenant, upload, &visitor).await?;
    Ok(Created(version_view(&version)))
}

/// Id of who acts, as the versions keep it.
fn by(cx: &Cx) -> String {
    cx.actor.id().unwrap_or_default().to_owned()
}

/// Agrees to what a version asks for.
async fn approve(
    State(web): State<Web>,
    cx: Cx,
    Peer(visitor): Peer,
    Path((id, digest)): Path<(String, String)>,
) -> Result<Json<Value>, WebError> {
    let version = web.core.approve_connector(&web.tenant, &FactoryId(id), &digest, by(&cx), &visitor).await?;
    Ok(Json(version_view(&version)))
}

/// Makes an approved version serve, on every node, once it has accepted every stored configuration.
async fn activate(
    State(web): State<Web>,
    cx: Cx,
    Peer(visitor): Peer,
    Path((id, digest)): Path<(String, String)>,
) -> Result<Json<Value>, WebError> {
    let id = FactoryId(id);
    web.core.activate_connector(&web.tenant, &id, &digest, &by(&cx), &visitor).await?;
    Ok(Json(version_view(&web.core.connector_version(&web.tenant, &id, &digest).await?)))
}

/// Brings back the version that served before, with the configurations it had.
async fn roll_back(
    State(web): State<Web>,
    cx: Cx,
    Peer(visitor): Peer,
    Path(id): Path<String>,
) -> Result<Json<Value>, WebError> {
    web.core.roll_back_connector(&web.tenant, &FactoryId(id.clone()), &by(&cx), &visitor).await?;
    get(State(web), Path(id)).await
}

/// Removes a version that does not serve.
async fn delete_version(
    State(web): State<Web>,
    cx: Cx,
    Peer(visitor): Peer,
    Path((id, digest)): Path<(String, String)>,
) -> Result<NoContent, WebError> {
    web.core.delete_connector_version(&web.tenant, &FactoryId(id), &digest, &by(&cx), &visitor).await?;
    Ok(NoContent)
}

/// Removes an uploaded factory with all its versions.
async fn delete(
    State(web): State<Web>,
    cx: Cx,
    Peer(visitor): Peer,
    Path(id): Path<String>,
) -> Result<NoContent, WebError> {
    web.core.delete_connector_factory(&web.tenant, &FactoryId(id), &by(&cx), &visitor).await?;
    Ok(NoContent)
}
