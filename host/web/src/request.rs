//! Reads what handlers need from a request, and refuses what is not as documented.

use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyway_core::Visitor;
use keyway_core::management::Page;
use keyway_core::signin::Caller;
use keyway_model::oauth::OAuthError;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, Refusal};
use serde::de::DeserializeOwned;

use crate::Web;
use crate::cookies::{self, Kind};
use crate::error::WebError;

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

/// Who sent the request. `X-Forwarded-For` counts only from a trusted proxy, from the right, up to the first address that
/// no trusted proxy has.
pub fn visitor(web: &Web, parts: &Parts) -> Visitor {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let trusted = |ip: &IpAddr| web.trusted_proxies.iter().any(|net| net.contains(ip));
    let forwarded = parts.headers.contains_key("x-forwarded-for") || parts.headers.contains_key("forwarded");
    let mut ip = peer;
    if peer.is_some_and(|peer| trusted(&peer)) {
        let all: Vec<&str> =
            parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
        let list = all.join(",");
        for hop in list.rsplit(',') {
            let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
            ip = Some(hop.to_canonical());
            if !trusted(&hop) {
                break;
            }
        }
    }
    Visitor {
        ip: ip.map(|ip| ip.to_string()).unwrap_or_default(),
        user_agent: text(&parts.headers, header::USER_AGENT).map(|agent| agent.chars().take(256).collect()),
        local: peer.is_some_and(|peer| peer.is_loopback()) && !forwarded,
    }
}

/// The language that the reader prefers among those that the pages speak.
pub fn is_chinese(headers: &HeaderMap, wish: Option<&str>) -> bool {
    asked_chinese(headers, wish).unwrap_or(false)
}

/// The same under a tenant's settings: whether the browser's language decides, and what is spoken otherwise.
pub fn speaks_chinese(headers: &HeaderMap, wish: Option<&str>, experience: &SignInExperience) -> bool {
    let asked =
        if experience.detects_language() { asked_chinese(headers, wish) } else { first_spoken(wish.into_iter()) };
    asked.unwrap_or_else(|| experience.fallback_language().starts_with("zh"))
}

fn asked_chinese(headers: &HeaderMap, wish: Option<&str>) -> Option<bool> {
    let accepted = text(headers, header::ACCEPT_LANGUAGE).unwrap_or_default();
    first_spoken(wish.into_iter().flat_map(|wish| wish.split_ascii_whitespace()).chain(accepted.split(',')))
}

fn first_spoken<'t>(tags: impl Iterator<Item = &'t str>) -> Option<bool> {
    tags.flat_map(|tags| tags.split_ascii_whitespace()).find_map(|tag| {
        let tag = tag.split(';').next().unwrap_or_default().to_ascii_lowercase();
        if tag.starts_with("zh") { Some(true) } else { tag.starts_with("en").then_some(false) }
    })
}

/// The browser behind a step of an interaction.
pub struct Browser(pub Caller);

impl FromRequestParts<Web> for Browser {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let locale = if is_chinese(&parts.headers, None) { "zh-CN" } else { "en" };
        Ok(Self(Caller {
            tenant: web.tenant.clone(),
            secret: cookies::read(web, &parts.headers, Kind::Interaction).unwrap_or_default(),
            visitor: visitor(web, parts),
            locale: Some(locale.to_owned()),
        }))
    }
}

/// Who sent the request.
pub struct Peer(pub Visitor);

impl FromRequestParts<Web> for Peer {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        Ok(Self(visitor(web, parts)))
    }
}

/// A JSON body. A wrong one is refused with the name of the field and what it should be.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        let kind = text(request.headers(), header::CONTENT_TYPE).unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        let bytes = Bytes::from_request(request, web).await.map_err(|_| ErrorCode::TooLarge)?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WebError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.inner().to_string();
        let cause = cause.split(" at line ").next().unwrap_or_default().to_owned();
        Refusal::invalid_input(if path == "." { "body" } else { &path }, &cause).into()
    })
}

/// Parameters of a query or a form, each at most once: a repeated one is read differently by different programs.
#[derive(Debug, Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a query string or form body. `resource` alone may come more than once (RFC 8707 section 2).
    pub fn parse(text: &[u8]) -> Result<Self, OAuthError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text).into_owned() {
            if name != "resource" && pairs.iter().any(|(other, _)| *other == name) {
                return Err(OAuthError::new("invalid_request", format!("the parameter {name} comes more than once")));
            }
            if value.contains('\0') {
                return Err(OAuthError::new("invalid_request", format!("the parameter {name} holds a null character")));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    fn from_json(bytes: &[u8]) -> Result<Self, OAuthError> {
        let refused = || OAuthError::new("invalid_request", "the body must be a form, or a JSON object of texts");
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(bytes).map_err(|_| refused())?;
        let pairs = object
            .into_iter()
            .map(|(name, value)| match value {
                serde_json::Value::String(value) => Ok((name, value)),
                _ => Err(refused()),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { pairs })
    }

    /// The parameter's value; an empty one counts as absent (RFC 6749 section 3.1).
    pub fn get(&self, name: &str) -> Option<String> {
        self.pairs.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.clone())
    }

    /// A form's field without the space around it; one that holds nothing else counts as absent.
    pub fn given(&self, name: &str) -> Option<String> {
        self.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Names and values in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All values of a parameter.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.pairs
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect()
    }
}

impl FromRequest<Web> for Parameters {
    type Rejection = WebError;

    /// From the query of a GET, from the form or JSON body of a POST.
    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        if request.method() == Method::GET || request.method() == Method::HEAD {
            return Ok(Self::parse(request.uri().query().unwrap_or_default().as_bytes())?);
        }
        let kind = text(request.headers(), header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let bytes = Bytes::from_request(request, web).await.map_err(|_| ErrorCode::TooLarge)?;
        if kind.starts_with("application/json") {
            return Ok(Self::from_json(&bytes)?);
        }
        if bytes.is_empty() || kind.starts_with("application/x-www-form-urlencoded") {
            return Ok(Self::parse(&bytes)?);
        }
        Err(ErrorCode::UnsupportedMediaType.into())
    }
}

/// Id and secret of `Authorization: Basic`. Logto's SDKs send them as they are, others form-encoded (RFC 6749 section
/// 2.3.1): ids and secrets are base64url, so both read the same.
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = text(headers, header::AUTHORIZATION)?.strip_prefix("Basic ")?;
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

impl FromRequestParts<Web> for Pagination {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, WebError> {
        let query = Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        let number = |name: &str, default: i64, most: i64| match query.get(name) {
            None => Ok(default),
            Some(text) => {
                text.parse().ok().filter(|number| (1..=most).contains(number)).ok_or(ErrorCode::InvalidPagination)
            }
        };
        Ok(Self { number: number("page", 1, i64::from(i32::MAX))?, size: number("page_size", 20, 100)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parameter_pollution_is_refused() {
        assert!(Parameters::parse(b"client_id=a&client_id=b").is_err());
        assert!(Parameters::parse(b"state=a%00b").is_err());
        let parameters = Parameters::parse(b"resource=a&resource=b&state=x%20y&nonce=").unwrap();
        assert_eq!(parameters.all("resource"), ["a", "b"]);
        assert_eq!(parameters.get("state").unwrap(), "x y");
        assert!(parameters.get("nonce").is_none());
    }

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
    fn languages() {
        let headers = |value: &'static str| HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, value.parse().unwrap())]);
        assert!(is_chinese(&headers("zh-CN,zh;q=0.9,en;q=0.8"), None));
        assert!(!is_chinese(&headers("fr,en;q=0.8,zh;q=0.5"), None));
        assert!(is_chinese(&headers("en"), Some("zh-HK")));
        let mut experience = SignInExperience::default();
        experience.rest.insert("languageInfo".into(), json!({ "autoDetect": true, "fallbackLanguage": "zh-CN" }));
        assert!(speaks_chinese(&headers("fr"), None, &experience), "a language that the pages do not speak");
        assert!(!speaks_chinese(&headers("en"), None, &experience));
        experience.rest.insert("languageInfo".into(), json!({ "autoDetect": false, "fallbackLanguage": "zh-CN" }));
        assert!(speaks_chinese(&headers("en"), None, &experience));
        assert!(!speaks_chinese(&headers("zh"), Some("en-GB"), &experience), "the application's wish goes first");
    }
}
