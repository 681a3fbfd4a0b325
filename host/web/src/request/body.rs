//! JSON bodies.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use keyway_model::{ErrorCode, Reason, Refusal, strict_json};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::text;
use crate::Web;
use crate::error::WebError;

/// A JSON body. A wrong one is refused with the name of the field and what it should be.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        if !is_json(&request) {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        let bytes = Bytes::from_request(request, web).await.map_err(|_| ErrorCode::TooLarge)?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be absent, which means all defaults.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<Web> for OptionalBody<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        let is_json = is_json(&request);
        let bytes = Bytes::from_request(request, web).await.map_err(|_| ErrorCode::TooLarge)?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if is_json { parse(&bytes).map(Self) } else { Err(ErrorCode::UnsupportedMediaType.into()) }
    }
}

/// Whether a request says that its body is JSON.
fn is_json(request: &Request) -> bool {
    let kind = text(request.headers(), header::CONTENT_TYPE).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A JSON body whose members the use case knows: the documentation calls it an object.
pub struct Object<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Object<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        Body::from_request(request, web).await.map(|Body(value)| Self(value))
    }
}

/// Whether a JSON text writes a null character, as `\u0000`.
fn writes_null(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(position) = rest.iter().position(|byte| *byte == b'\\') {
        let (_, escape) = rest.split_at(position);
        if escape.starts_with(b"\\u0000") {
            return true;
        }
        rest = escape.get(2..).unwrap_or_default();
    }
    false
}

/// JSON pointer of the first string with a null character.
fn null_at(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| Some(format!("/{index}{}", null_at(item)?)))
        }
        Value::Object(map) => map.iter().find_map(|(name, item)| {
            let name_itself = name.contains('\0').then(String::new);
            Some(format!("/{}{}", name.replace('\0', ""), name_itself.or_else(|| null_at(item))?))
        }),
        _ => None,
    }
}

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WebError> {
    if writes_null(bytes) {
        let field = serde_json::from_slice(bytes).ok().as_ref().and_then(null_at).unwrap_or_else(|| "body".into());
        return Err(Refusal::invalid_input(&field, Reason::NullCharacter).into());
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let refused = |path: &str, cause: &serde_json::Error| {
        let cause = cause.to_string();
        Refusal::unreadable(path, cause.split(" at line ").next().unwrap_or_default())
    };
    let read = strict_json::read(&mut reader).map_err(|error| match error.path().to_string().as_str() {
        "." => refused("body", error.inner()),
        path => refused(path, error.inner()),
    })?;
    reader.end().map_err(|error| refused("body", &error))?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_body_names_its_field() {
        #[derive(Debug, serde::Deserialize)]
        struct Wanted {
            #[expect(dead_code, reason = "only its type counts here")]
            items: Vec<u8>,
        }
        let error = parse::<Wanted>(br#"{"items":[1,"x"]}"#).unwrap_err();
        assert!(error.body()["message"].as_str().unwrap().starts_with("items[1]: invalid type"), "{error:?}");
    }

    #[test]
    fn a_body_is_one_value_and_an_object_where_its_type_is_one() {
        #[derive(Debug, serde::Deserialize)]
        struct Wanted {
            #[expect(dead_code, reason = "only its type counts here")]
            number: u8,
        }
        for (body, cause) in [
            ("[1]", "body: invalid type: sequence, expected an object"),
            (r#"{"number":1}{"number":2}"#, "body: trailing characters"),
            (r#"{"number":1,"number":2}"#, "body: duplicate field `number`"),
        ] {
            let error = parse::<Wanted>(body.as_bytes()).unwrap_err();
            assert_eq!(error.body()["message"], cause, "{body}");
        }
    }

    #[test]
    fn null_characters_are_refused_with_the_name_of_the_field() {
        let error = parse::<Value>(br#"{"a":[{"b":"x\u0000"}]}"#).unwrap_err();
        assert!(error.body()["message"].as_str().unwrap().starts_with("/a/0/b"), "{error:?}");
        assert!(parse::<Value>(br#"{"a\u0000":1}"#).is_err());
        let escaped = parse::<Value>(br#"{"a":"\\u0000"}"#).unwrap();
        assert_eq!(escaped, json!({ "a": "\\u0000" }));
    }
}
