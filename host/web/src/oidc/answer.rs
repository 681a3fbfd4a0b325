//! Carries an authorization answer to the application in the requested response mode.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyway_core::oauth::AuthorizationAnswer;
use url::Url;

use crate::locale::Locale;
use crate::pages;

/// The address that carries the answer; `form_post` has none.
pub fn location(answer: &AuthorizationAnswer) -> Option<String> {
    let mut url = Url::parse(&answer.redirect_uri).ok()?;
    match answer.response_mode.as_str() {
        "form_post" => return None,
        "fragment" => {
            let mut fragment = url::form_urlencoded::Serializer::new(String::new());
            fragment.extend_pairs(&answer.parameters);
            url.set_fragment(Some(&fragment.finish()));
        }
        _ => {
            url.query_pairs_mut().extend_pairs(&answer.parameters);
        }
    }
    Some(url.into())
}

/// The answer for a browser that is here: a redirect, or a page that posts.
pub fn respond(answer: &AuthorizationAnswer, locale: Locale) -> Response {
    match location(answer) {
        Some(location) => see_other(&location),
        None => pages::form_post(answer, locale),
    }
}

/// `303 See Other`: the browser goes on with a GET, so that nothing that was posted here is posted there.
pub fn see_other(location: &str) -> Response {
    let value = HeaderValue::from_str(location).unwrap_or_else(|_| HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_keep_the_registered_query_and_escape_the_state() {
        let answer = |mode: &str| AuthorizationAnswer {
            redirect_uri: "https://app.example/cb?x=1".into(),
            response_mode: mode.into(),
            parameters: vec![("code", "c".into()), ("state", "a&b=c#d".into())],
        };
        assert_eq!(location(&answer("query")).unwrap(), "https://app.example/cb?x=1&code=c&state=a%26b%3Dc%23d");
        assert_eq!(location(&answer("fragment")).unwrap(), "https://app.example/cb?x=1#code=c&state=a%26b%3Dc%23d");
        assert!(location(&answer("form_post")).is_none());
    }
}
