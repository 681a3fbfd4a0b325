//! Reads what handlers need from a request, and refuses what is not as documented.

mod address;
mod body;
mod credentials;
mod file;
mod id;
mod parameters;
mod visitor;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use address::{OptionalPagination, Pagination, Path, Query, no_null};
#[cfg(test)]
pub(crate) use body::parse;
pub use body::{Body, Object, OptionalBody};
pub use credentials::{basic, bearer};
pub use file::File;
pub use id::{RequestId, identify};
pub use parameters::Parameters;
pub use visitor::visitor;
#[cfg(test)]
pub(crate) use visitor::{hop_address, sender};

/// A manifest's logo, when it is an SVG document, as an address that loads nothing from elsewhere; empty for any other. Scripts
/// in it do not run where it is shown as an image.
pub fn own_picture(logo: Option<&str>) -> String {
    let document = logo.filter(|logo| logo.trim_start().starts_with('<'));
    document.map(|text| format!("data:image/svg+xml;base64,{}", STANDARD.encode(text))).unwrap_or_default()
}

/// A text header.
pub fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a person's browser asks, which shows a page, and not a program.
pub fn wants_page(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT).is_some_and(|accepted| accepted.contains("text/html"))
}
