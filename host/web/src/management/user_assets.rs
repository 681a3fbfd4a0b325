//! `/api/user-assets`: pictures for branding and profiles, drawn anew before they are kept.

use axum::Json;
use axum::extract::Multipart;
use keyway_core::Cx;
use keyway_core::images::{self, ImageError};
use keyway_model::{ErrorCode, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::declaration::{self, Operations};
use crate::error::WebError;
use keyway_model::resource::ManagementScope::All;

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

/// The bytes of the part `file` of a form.
pub async fn file(mut form: Multipart) -> Result<Vec<u8>, WebError> {
    let broken = |error: axum::extract::multipart::MultipartError| Refusal::invalid_input("file", &error.body_text());
    while let Some(part) = form.next_field().await.map_err(broken)? {
        if part.name() == Some("file") {
            return Ok(part.bytes().await.map_err(broken)?.to_vec());
        }
    }
    Err(Refusal::invalid_input("file", "is missing from the form").into())
}

/// Keeps a picture and answers its address.
async fn upload(cx: Cx, form: Multipart) -> Result<Json<UploadView>, WebError> {
    let url = images::upload(&cx, file(form).await?).await?;
    Ok(Json(UploadView { url }))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::{FromRequest as _, Request};

    use super::*;

    proptest::proptest! {
        #[test]
        fn parser_exhaustion_of_uploads(
            body in "(--b|--|\\r\\n|\\n|Content-Disposition: form-data; |name=|\"file\"|filename=|\"|;|: |\\x00|\\PC){0,40}",
            boundary in "(b|\"b\"|\\PC){0,3}",
        ) {
            let request = Request::builder().header("content-type", format!("multipart/form-data; boundary={boundary}"));
            let Ok(request) = request.body(Body::from(body.clone())) else { return Ok(()) };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let Ok(form) = Multipart::from_request(request, &()).await else { return };
                match file(form).await {
                    Ok(bytes) => assert!(body.as_bytes().windows(bytes.len().max(1)).any(|part| part == bytes) || bytes.is_empty()),
                    Err(error) => assert_eq!(error.status(), 400),
                }
            });
        }
    }
}
