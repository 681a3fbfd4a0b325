//! `/api/user-assets`: pictures for branding and profiles, drawn anew before they are kept.

use axum::Json;
use keyway_core::Cx;
use keyway_core::images::{self, ImageError};
use keyway_model::ErrorCode;
use keyway_model::resource::ManagementScope::All;
use serde::Serialize;
use utoipa::ToSchema;

use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::File;

/// Largest picture in bytes.
const MAX_PICTURE: usize = 8 * 1024 * 1024;

/// Largest request: the picture and the form around it, in bytes.
pub const LIMIT: usize = MAX_PICTURE + 16 * 1024;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("User assets")
        .add(declaration::get("/api/user-assets/service-status", All, "Get service status", status))
        .add(declaration::post("/api/user-assets", All, "Upload an asset", upload).limit(LIMIT))
}

/// Which pictures can be uploaded.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ServiceStatus {
    /// `ready`.
    status: &'static str,
    allow_upload_mime_types: [&'static str; 4],
    /// In bytes.
    max_upload_file_size: usize,
}

/// Whether pictures can be uploaded, and which.
async fn status() -> Json<ServiceStatus> {
    Json(ServiceStatus {
        status: "ready",
        allow_upload_mime_types: ["image/png", "image/jpeg", "image/gif", "image/webp"],
        max_upload_file_size: MAX_PICTURE,
    })
}

/// Where an uploaded picture is.
#[derive(Serialize, ToSchema)]
pub struct UploadView {
    /// Its address.
    pub url: String,
}

impl From<ImageError> for WebError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::NotAPicture => ErrorCode::NoPicture.into(),
            ImageError::NotFound => ErrorCode::EntityNotFound.into(),
            ImageError::Failed(error) => error.into(),
        }
    }
}

/// Keeps a picture and answers its address.
async fn upload(cx: Cx, File(bytes): File) -> Result<Json<UploadView>, WebError> {
    let url = images::upload(&cx, bytes).await?;
    Ok(Json(UploadView { url }))
}
