//! Style and scripts of the console.

use axum::http::header;
use axum::response::IntoResponse;

const CACHED: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=3600");
const SCRIPT: (header::HeaderName, &str) = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");

/// `/console/assets/console.css`
pub async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), CACHED], include_str!("../assets/console.css"))
}

/// `/console/assets/console.js`
pub async fn script() -> impl IntoResponse {
    ([SCRIPT, CACHED], include_str!("../assets/console.js"))
}

/// `/console/assets/changes.js`
pub async fn changes() -> impl IntoResponse {
    ([SCRIPT, CACHED], include_str!("../assets/changes.js"))
}

/// `/console/assets/htmx.js`
pub async fn htmx() -> impl IntoResponse {
    ([SCRIPT, CACHED], include_str!("../assets/htmx.min.js"))
}
