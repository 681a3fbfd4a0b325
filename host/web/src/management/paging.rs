//! Lists with Logto's paging headers.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use keyway_core::Total;

use crate::request::{OptionalPagination, Pagination};

/// A page of a list.
pub struct Paged<T> {
    headers: HeaderMap,
    items: Vec<T>,
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        (self.headers, Json(self.items)).into_response()
    }
}

/// A page of a list: `Total-Number` and `Link` with first, prev, next and last.
pub fn page<T>(items: Vec<T>, total: impl Into<Total>, page: Pagination, uri: &Uri) -> Paged<T> {
    let Total { count: total, is_capped } = total.into();
    let mut headers = HeaderMap::new();
    headers.insert("total-number", HeaderValue::from(total));
    headers.insert("total-number-is-capped", HeaderValue::from_static(if is_capped { "true" } else { "false" }));
    let last = ((total + page.size - 1) / page.size).max(1);
    let kept: Vec<(String, String)> = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .filter(|(name, _)| name != "page" && name != "page_size")
        .collect();
    let link = |number: i64, relation: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&kept);
        query.append_pair("page", &number.to_string()).append_pair("page_size", &page.size.to_string());
        format!("<{}?{}>; rel=\"{relation}\"", uri.path(), query.finish())
    };
    let mut links = vec![link(1, "first")];
    if page.number > 1 {
        links.push(link((page.number - 1).min(last), "prev"));
    }
    if page.number < last || (is_capped && i64::try_from(items.len()).is_ok_and(|shown| shown == page.size)) {
        links.push(link(page.number + 1, "next"));
    }
    if !is_capped {
        links.push(link(last, "last"));
    }
    if let Ok(value) = HeaderValue::from_str(&links.join(", ")) {
        headers.insert("link", value);
    }
    Paged { headers, items }
}

/// A page of a list, or all of it without paging headers where no page is asked for.
pub fn page_or_all<T>(items: Vec<T>, total: impl Into<Total>, asked: OptionalPagination, uri: &Uri) -> Paged<T> {
    match asked.0 {
        Some(asked) => page(items, total, asked, uri),
        None => Paged { headers: HeaderMap::new(), items },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_through_the_list() {
        let uri: Uri = "/api/users?search=%25a%25&page=2&page_size=10".parse().unwrap();
        let response = page(vec![1], 25, Pagination { number: 2, size: 10 }, &uri).into_response();
        let link = response.headers()["link"].to_str().unwrap();
        assert!(link.contains("</api/users?search=%25a%25&page=1&page_size=10>; rel=\"prev\""), "{link}");
        assert!(link.contains("page=3&page_size=10>; rel=\"next\"") && link.contains("rel=\"last\""), "{link}");
        assert_eq!(response.headers()["total-number"], "25");
        let capped = Total { count: 10, is_capped: true };
        let response = page(vec![1; 10], capped, Pagination { number: 2, size: 10 }, &uri).into_response();
        let link = response.headers()["link"].to_str().unwrap();
        assert!(link.contains("page=3") && !link.contains("last"), "{link}");
        assert_eq!(response.headers()["total-number-is-capped"], "true");
    }
}
