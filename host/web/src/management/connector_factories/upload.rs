//! `POST /api/connector-factories`: the body is the `.wasm` file. It is checked, compiled and kept, and serves nobody before it is
//! approved and activated. The header `keyway-signature` may hold a detached minisign signature, with `\\n` between its lines.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use futures_util::StreamExt as _;
use keyway_core::Cx;
use keyway_core::connectors::factories::{self, Upload};
use keyway_model::ErrorCode;

use super::view::VersionView;
use crate::error::WebError;
use crate::response::Created;

/// Largest component in bytes: what Python needs, with room to spare.
const MAX_UPLOAD: usize = 24 * 1024 * 1024;

/// Time for the whole body, and for each piece of it.
const BODY_TIME: Duration = Duration::from_mins(2);
const IDLE: Duration = Duration::from_secs(10);

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

pub async fn upload(cx: Cx, headers: HeaderMap, body: Body) -> Result<Created<VersionView>, WebError> {
    let signature = headers.get("keyway-signature").map(|value| value.to_str().map(|text| text.replace("\\n", "\n")));
    let signature = signature.transpose().map_err(|_| ErrorCode::UploadSignatureInvalid)?;
    // Before the bytes are read: those who wait hold none.
    let _turn = factories::turn(&cx).await?;
    let upload = Upload { wasm: read(body).await?, signature };
    Ok(Created(factories::upload(&cx, upload).await?.into()))
}
