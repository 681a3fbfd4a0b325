//! A file that a form uploads.

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use keyway_model::{ErrorCode, Reason, Refusal};

use crate::Web;
use crate::error::WebError;

/// The bytes of the part `file` of a `multipart/form-data` body.
pub struct File(pub Vec<u8>);

impl FromRequest<Web> for File {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        let form = Multipart::from_request(request, web).await.map_err(|_| ErrorCode::UnsupportedMediaType)?;
        read(form).await.map(Self)
    }
}

async fn read(mut form: Multipart) -> Result<Vec<u8>, WebError> {
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => WebError::from(ErrorCode::TooLarge),
        _ => Refusal::unreadable("file", &error.body_text()).into(),
    };
    while let Some(part) = form.next_field().await.map_err(broken)? {
        if part.name() == Some("file") {
            return Ok(part.bytes().await.map_err(broken)?.to_vec());
        }
    }
    Err(Refusal::invalid_input("file", Reason::NoFile).into())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

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
                match read(form).await {
                    Ok(bytes) => assert!(body.as_bytes().windows(bytes.len().max(1)).any(|part| part == bytes) || bytes.is_empty()),
                    Err(error) => assert_eq!(error.status(), 400),
                }
            });
        }
    }
}
