//! Headers that protect every answer, and the check that a state-changing request comes from our own pages.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use keyway_model::ErrorCode;

use crate::Web;
use crate::error::WebError;

/// Sets the headers that no answer goes without; a page's own policy stays.
pub async fn headers(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if web.is_secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: under it a browser posts our own forms with `Origin: null` (Fetch, "append a request Origin
        // header"), which over plain http is all that tells whose form it was.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::HeaderName::from_static("cross-origin-opener-policy"))
        .or_insert(HeaderValue::from_static("same-origin"));
    response
}

/// Refuses writes that another site makes a browser send. `Sec-Fetch-Site` is set by the browser and out of reach of
/// scripts; without it (an old browser, plain http, or a program) `Origin` must name the host that was asked. `null` says
/// nothing: the secret in the form decides, and cookies do not come along with another site's form.
pub async fn same_site(request: Request, next: Next) -> Response {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let is_silent = request.headers().get(header::ORIGIN).is_some_and(|origin| origin == "null")
        && !request.headers().contains_key("sec-fetch-site");
    if reads || is_silent || is_same_site(&request) {
        return next.run(request).await;
    }
    WebError::from(ErrorCode::CsrfTokenMismatch).into_response()
}

/// Whether our own pages, or no page at all, sent the request.
pub fn is_same_site(request: &Request) -> bool {
    let text = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin" || site == "none",
        None => match (text(header::ORIGIN), text(header::HOST)) {
            (None, _) => true,
            (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, authority)| authority == host),
            (Some(_), None) => false,
        },
    }
}

/// Whether a page of this very origin sent the request. A browser says so with every write; silence is refused.
pub fn is_own_page(request: &Request) -> bool {
    let has = |name: header::HeaderName| request.headers().contains_key(name);
    let site = header::HeaderName::from_static("sec-fetch-site");
    let is_said = has(site.clone()) || has(header::ORIGIN);
    let none = request.headers().get(site).is_some_and(|value| value == "none");
    is_said && !none && is_same_site(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(headers: &[(&str, &str)]) -> Request {
        let builder = headers.iter().fold(Request::builder(), |builder, (name, value)| builder.header(*name, *value));
        builder.body(Body::empty()).unwrap()
    }

    #[test]
    fn csrf_at_the_console_is_refused_even_from_a_silent_client() {
        assert!(is_own_page(&request(&[("sec-fetch-site", "same-origin")])));
        assert!(is_own_page(&request(&[("origin", "https://id.example.com"), ("host", "id.example.com")])));
        for refused in [
            &[][..],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("origin", "https://evil.example"), ("host", "id.example.com")],
        ] {
            assert!(!is_own_page(&request(refused)), "{refused:?}");
        }
    }

    #[test]
    fn csrf_is_refused() {
        for allowed in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://id.example.com"), ("host", "id.example.com")],
        ] {
            assert!(is_same_site(&request(allowed)), "{allowed:?}");
        }
        for refused in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://id.example.com.evil.com"), ("host", "id.example.com")],
            &[("origin", "null"), ("host", "id.example.com")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://id.example.com"), ("host", "id.example.com")],
        ] {
            assert!(!is_same_site(&request(refused)), "{refused:?}");
        }
    }
}
