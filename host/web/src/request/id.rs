//! The id of a request.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use super::text;
use crate::Web;

/// The id of a request: in the server's log lines, in the audit log and in the answer.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Longest id that a caller may give its request, in characters.
const MAX_REQUEST_ID: usize = 64;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives each request an id, or keeps the one that a proxy gave it where that is short and plain.
pub async fn identify(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let plain = |id: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(is_plain)
    };
    let given = text(request.headers(), REQUEST_ID).filter(plain).map(ToOwned::to_owned);
    let id = given.unwrap_or_else(|| web.core.request_id());
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
