//! Which scripts of other origins may read answers.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::Web;

/// Answers a preflight; the headers that matter are added around it.
pub async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Most bytes of `Access-Control-Request-Headers` that are repeated.
const MAX_ASKED: usize = 1024;

/// The headers that a preflight asks for: scripts and what wraps them (tracing, interceptors) add their own, and none of them
/// means anything here.
fn asked_headers(request: &Request) -> HeaderValue {
    let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let short = asked.filter(|asked| asked.len() <= MAX_ASKED).cloned();
    short.unwrap_or_else(|| HeaderValue::from_static("authorization, content-type"))
}

/// Public documents: anyone may read them.
pub async fn any_origin(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let asked = asked_headers(&request);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if is_preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    response
}

/// Endpoints that single-page applications call: origins of registered redirect addresses, compared whole, and those that
/// an application lists. Without cookies.
pub async fn registered_origins(State(web): State<Web>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let allowed = match origin.to_str() {
        Ok(text) => web.core.is_registered_origin(&web.tenant, text).await.unwrap_or(false),
        Err(_) => false,
    };
    let asked = asked_headers(&request);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if allowed {
        allow(headers, origin, asked);
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue, asked: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
}
