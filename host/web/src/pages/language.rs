//! The reader's choice of a language, for this sign-in.

use axum::extract::State;
use axum::response::Response;

use crate::Web;
use crate::cookies::{self, CookieKind};
use crate::interactions::Place;
use crate::locale::Locale;
use crate::oidc::answer::see_other;
use crate::request::Parameters;

/// A path of these pages: anything else would make the switch an open redirect.
fn destination(wish: Option<String>) -> String {
    let is_path = |path: &String| {
        path.starts_with('/') && path.bytes().skip(1).all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    wish.filter(is_path).unwrap_or_else(|| "/sign-in".to_owned())
}

/// `GET /language?to=zh-CN&back=/sign-in`
pub async fn choose(State(web): State<Web>, parameters: Parameters) -> Response {
    let mut response = see_other(&Place::read(&parameters).to(&destination(parameters.get("back"))));
    let known = parameters.get("to").filter(|tag| Locale::with_tag(tag).is_some());
    if let Some(tag) = known {
        let (name, value) = cookies::write(&web, CookieKind::Language, &tag);
        response.headers_mut().append(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_redirect_through_the_language_switch_is_refused() {
        assert_eq!(destination(Some("/forgot-password".into())), "/forgot-password");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "/a/b", "/a?b=c", ""] {
            assert_eq!(destination(Some(bad.into())), "/sign-in", "{bad}");
        }
    }
}
