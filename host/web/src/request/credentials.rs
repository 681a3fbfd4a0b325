//! The credentials of the header `Authorization`.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyway_model::ErrorCode;

use super::text;

/// Id and secret of `Authorization: Basic`, as they came. The scheme's name is case-insensitive (RFC 9110 section 11.1).
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = text(headers, header::AUTHORIZATION)?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The token of `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Result<&str, ErrorCode> {
    let header = text(headers, header::AUTHORIZATION).ok_or(ErrorCode::AuthorizationHeaderMissing)?;
    let (scheme, token) = header.split_once(' ').ok_or(ErrorCode::AuthorizationTypeNotSupported)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(ErrorCode::AuthorizationTypeNotSupported) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_scheme_has_no_case() {
        for scheme in ["Basic", "basic", "BASIC"] {
            let value = format!("{scheme} {}", STANDARD.encode("id:a:b"));
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(basic(&headers).unwrap(), ("id".to_owned(), "a:b".to_owned()));
        }
    }
}
