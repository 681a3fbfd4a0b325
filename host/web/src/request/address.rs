//! What an address holds: ids and names in its path, and its query.

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use keyway_core::Page;
use keyway_model::{ErrorCode, Reason, Refusal};
use serde::de::DeserializeOwned;

use super::Parameters;
use crate::Web;
use crate::error::WebError;

/// Longest id or name in a path, in characters.
const MAX_PATH_PARAMETER: usize = 256;

/// Ids and names in a path, typed. What no id can be names nothing that is there, and no use case sees it.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Web> for Path<T> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let unreadable = || Refusal::invalid_input("address", Reason::NotUtf8);
        let given = RawPathParams::from_request_parts(parts, web).await.map_err(|_| unreadable())?;
        if given.iter().any(|(_, text)| text.contains('\0') || text.chars().nth(MAX_PATH_PARAMETER).is_some()) {
            return Err(ErrorCode::EntityNotFound.into());
        }
        #[expect(clippy::disallowed_types, reason = "the one place that refuses what no id can be")]
        let read = axum::extract::Path::<T>::from_request_parts(parts, web).await;
        Ok(Self(read.map_err(|_| ErrorCode::EntityNotFound)?.0))
    }
}

/// The parameters of a query; wrong ones are refused as a wrong body is.
fn parameters(query: &str) -> Result<Parameters, Refusal> {
    Parameters::parse(query.as_bytes()).map_err(|error| Refusal::invalid_input("query", error.0))
}

/// Query parameters by name. Wrong ones are refused as a wrong body is, with the name of the field.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Query<T> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, WebError> {
        let query = parts.uri.query().unwrap_or_default();
        parameters(query)?;
        #[expect(clippy::disallowed_types, reason = "the one place that gives its errors our form")]
        let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        let read = read.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            Refusal::unreadable("query", &cause)
        })?;
        Ok(Self(read.0))
    }
}

/// Refuses a null character in a path or query: PostgreSQL stores none, and programs disagree on where such a text ends.
pub async fn no_null(request: Request, next: Next) -> Response {
    if request.uri().path_and_query().is_some_and(|text| text.as_str().contains("%00")) {
        let refusal = Refusal::invalid_input("address", Reason::NullCharacter);
        return crate::pages::error(request.headers(), refusal.into());
    }
    next.run(request).await
}

/// `page` and `page_size` of a list.
#[derive(Debug, Clone, Copy)]
pub struct Pagination {
    /// From 1.
    pub number: i64,
    /// 1 to 100.
    pub size: i64,
}

impl Pagination {
    /// For the store.
    pub fn page(self) -> Page {
        Page { offset: (self.number - 1).saturating_mul(self.size), limit: self.size }
    }
}

/// `page` and `page_size` of a list that is given whole where neither is there.
#[derive(Debug, Clone, Copy)]
pub struct OptionalPagination(pub Option<Pagination>);

impl OptionalPagination {
    /// For the store.
    pub fn page(self) -> Page {
        self.0.map_or(Page::ALL, Pagination::page)
    }
}

impl FromRequestParts<Web> for OptionalPagination {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let names = ["page", "page_size"];
        let text = parts.uri.query().unwrap_or_default().as_bytes();
        if url::form_urlencoded::parse(text).any(|(name, _)| names.contains(&name.as_ref())) {
            return Pagination::from_request_parts(parts, web).await.map(Some).map(Self);
        }
        Ok(Self(None))
    }
}

impl FromRequestParts<Web> for Pagination {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, WebError> {
        // Its own parameters alone: a filter of a list may be given more than once.
        let text = parts.uri.query().unwrap_or_default();
        let paging = text.split('&').filter(|pair| pair.starts_with("page")).collect::<Vec<_>>().join("&");
        let query = parameters(&paging)?;
        let number = |name: &str, default: i64, most: i64| match query.get(name) {
            None => Ok(default),
            Some(text) => {
                text.parse().ok().filter(|number| (1..=most).contains(number)).ok_or(ErrorCode::InvalidPagination)
            }
        };
        Ok(Self { number: number("page", 1, i64::from(i32::MAX))?, size: number("page_size", 20, 100)? })
    }
}
