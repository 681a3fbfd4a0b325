//! Reads what handlers need from a request, and refuses what is not as documented.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use keyway_core::management::Page;
use keyway_core::signin::Browser;
use keyway_core::{Actor, Cx, Visitor};
use keyway_model::oauth::OAuthError;
use keyway_model::{ErrorCode, Refusal};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument as _;

use crate::Web;
use crate::cookies::{self, Kind};
use crate::error::WebError;
use crate::locale::negotiate;

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

/// Who sent the request.
pub fn visitor(web: &Web, parts: &Parts) -> Visitor {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let forwarded = parts.headers.contains_key("x-forwarded-for") || parts.headers.contains_key("forwarded");
    let ip = sender(peer, &parts.headers, &web.trusted_proxies);
    Visitor {
        ip: ip.map(|ip| ip.to_string()).unwrap_or_default(),
        user_agent: text(&parts.headers, header::USER_AGENT).map(|agent| agent.chars().take(256).collect()),
        local: web.exempts_local && peer.is_some_and(|peer| peer.is_loopback()) && !forwarded,
    }
}

/// The address that the request came from. `X-Forwarded-For` counts only from a trusted proxy, from the right, up to the first
/// address that no trusted proxy has.
pub(crate) fn sender(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let trusted = |ip: &IpAddr| proxies.iter().any(|net| net.contains(ip));
    let mut ip = peer;
    if peer.is_some_and(|peer| trusted(&peer)) {
        // A client may have begun the list with bytes that are no text; what the proxy put behind them counts all the same.
        let all: Vec<_> =
            headers.get_all("x-forwarded-for").iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let list = all.join(",");
        for hop in list.rsplit(',') {
            let Some(hop) = hop_address(hop.trim()) else { break };
            ip = Some(hop);
            if !trusted(&hop) {
                break;
            }
        }
    }
    ip
}

/// An entry of `X-Forwarded-For`: an address, which some proxies (Azure Application Gateway, IIS) send with a port.
pub(crate) fn hop_address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse().ok().or_else(with_port).or_else(in_brackets).map(|ip: IpAddr| ip.to_canonical())
}

impl FromRequestParts<Web> for Browser {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let read = |kind| cookies::read(web, &parts.headers, kind);
        Ok(Self {
            cx: Cx::new(&web.core, web.tenant.clone(), Actor::Nobody, visitor(web, parts)),
            interaction: read(Kind::Interaction).unwrap_or_default(),
            session: read(Kind::Session),
            device: read(Kind::Device),
            locale: Some(negotiate(&parts.headers, None, None).to_string()),
        })
    }
}

/// The context that the guard before the route made; without a guard, nobody's.
impl FromRequestParts<Web> for Cx {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let guarded = parts.extensions.get::<Self>().cloned();
        Ok(guarded.unwrap_or_else(|| Self::new(&web.core, web.tenant.clone(), Actor::Nobody, visitor(web, parts))))
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

/// A JSON body that may be absent, which means all defaults.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<Web> for OptionalBody<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        let bytes = Bytes::from_request(request, web).await.map_err(|_| ErrorCode::TooLarge)?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { parse(&bytes).map(Self) }
    }
}

/// A JSON body whose members the use case knows: the documentation calls it an object.
pub struct Object<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Object<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        Body::from_request(request, web).await.map(|Body(value)| Self(value))
    }
}

/// Longest id or name in a path, in characters.
const MAX_PATH_PARAMETER: usize = 256;

/// Ids and names in a path, typed. What no id can be names nothing that is there, and no use case sees it.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Web> for Path<T> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let unreadable = || Refusal::invalid_input("address", "must be UTF-8");
        let given = RawPathParams::from_request_parts(parts, web).await.map_err(|_| unreadable())?;
        if given.iter().any(|(_, text)| text.contains('\0') || text.chars().nth(MAX_PATH_PARAMETER).is_some()) {
            return Err(ErrorCode::EntityNotFound.into());
        }
        let read = axum::extract::Path::<T>::from_request_parts(parts, web).await;
        Ok(Self(read.map_err(|_| ErrorCode::EntityNotFound)?.0))
    }
}

/// Query parameters by name. Wrong ones are refused as a wrong body is, with the name of the field.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Query<T> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, WebError> {
        let query = parts.uri.query().unwrap_or_default();
        Parameters::parse(query.as_bytes())?;
        #[expect(clippy::disallowed_types, reason = "the one place that gives its errors our form")]
        let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        let read = read.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            Refusal::invalid_input("query", &cause)
        })?;
        Ok(Self(read.0))
    }
}

/// The id of a request: in the server's log lines, in the audit log and in the answer.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Longest id that a caller may give its request, in characters.
const MAX_REQUEST_ID: usize = 64;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives each request an id, or keeps the one that a proxy gave it where that is short and plain.
pub async fn identify(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let plain = |id: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(is_plain)
    };
    let given = text(request.headers(), REQUEST_ID).filter(plain).map(ToOwned::to_owned);
    let id = given.unwrap_or_else(|| web.core.request_id());
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Refuses a null character in a path or query: PostgreSQL stores none, and programs disagree on where such a text ends.
pub async fn no_null(request: Request, next: Next) -> Response {
    if request.uri().path_and_query().is_some_and(|text| text.as_str().contains("%00")) {
        return WebError::from(Refusal::invalid_input("address", "holds a null character")).into_response();
    }
    next.run(request).await
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
        return Err(Refusal::invalid_input(&field, "holds a null character").into());
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.inner().to_string();
        let cause = cause.split(" at line ").next().unwrap_or_default().to_owned();
        Refusal::invalid_input(if path == "." { "body" } else { &path }, &cause).into()
    })
}

/// Most parameters of a query or a form. The longest form of the console, with a field for every sentence of the pages, has
/// some hundreds.
const MAX_PARAMETERS: usize = 1000;

/// Parameters of a query or a form, each at most once: a repeated one is read differently by different programs.
#[derive(Debug, Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a query string or form body. `resource` alone may come more than once (RFC 8707 section 2).
    pub fn parse(text: &[u8]) -> Result<Self, OAuthError> {
        let refused = |description: String| Err(OAuthError::new("invalid_request", description));
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut names = HashSet::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if pairs.len() == MAX_PARAMETERS {
                return refused(format!("there are more than {MAX_PARAMETERS} parameters"));
            }
            if name != "resource" && !names.insert(name.clone()) {
                return refused(format!("the parameter {name} comes more than once"));
            }
            if name.contains('\0') || value.contains('\0') {
                return refused(format!("the parameter {} holds a null character", name.replace('\0', "")));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self { pairs })
    }

    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, OAuthError> {
        let refused = || OAuthError::new("invalid_request", "the body must be a form, or a JSON object of texts");
        let Strings(pairs) = serde_json::from_slice(bytes).map_err(|_| refused())?;
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Self::parse(form.as_bytes())
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

/// The members of a JSON object of strings, in order; a repeated name is still there twice.
struct Strings(Vec<(String, String)>);

impl<'de> serde::Deserialize<'de> for Strings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Strings;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Strings, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Strings(pairs))
            }
        }
        deserializer.deserialize_map(Members)
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
        // Its own parameters alone: a filter of a list may be given more than once.
        let text = parts.uri.query().unwrap_or_default();
        let paging = text.split('&').filter(|pair| pair.starts_with("page")).collect::<Vec<_>>().join("&");
        let query = Parameters::parse(paging.as_bytes())?;
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
        assert!(Parameters::from_json(br#"{"client_id":"a","client_id":"b"}"#).is_err());
        assert_eq!(Parameters::from_json(br#"{"state":"x + y"}"#).unwrap().get("state").unwrap(), "x + y");
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
    fn null_characters_are_refused_with_the_name_of_the_field() {
        let error = parse::<Value>(br#"{"a":[{"b":"x\u0000"}]}"#).unwrap_err();
        assert!(error.body()["message"].as_str().unwrap().starts_with("/a/0/b"), "{error:?}");
        assert!(parse::<Value>(br#"{"a\u0000":1}"#).is_err());
        let escaped = parse::<Value>(br#"{"a":"\\u0000"}"#).unwrap();
        assert_eq!(escaped, json!({ "a": "\\u0000" }));
    }

    #[test]
    fn parser_exhaustion() {
        let form = |count: usize| (0..count).map(|number| format!("p{number}=")).collect::<Vec<_>>().join("&");
        assert_eq!(Parameters::parse(form(MAX_PARAMETERS).as_bytes()).unwrap().pairs.len(), MAX_PARAMETERS);
        assert!(Parameters::parse(form(MAX_PARAMETERS + 1).as_bytes()).is_err());
        assert!(Parameters::parse("resource=a&".repeat(MAX_PARAMETERS + 1).as_bytes()).is_err());
        let json = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!("\"p{number}\":\"\"")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(Parameters::from_json(json(MAX_PARAMETERS + 1).as_bytes()).is_err());
    }

    #[test]
    fn hops_of_a_proxy_may_have_ports() {
        let read = |hop: &str| hop_address(hop).map(|ip| ip.to_string()).unwrap_or_default();
        assert_eq!(read("198.51.100.7:55012"), "198.51.100.7");
        assert_eq!(read("[2001:db8::7]:55012"), "2001:db8::7");
        assert_eq!(read("[2001:db8::7]"), "2001:db8::7");
        assert_eq!(read("::ffff:198.51.100.7"), "198.51.100.7");
        for bad in ["", "unknown", "198.51.100.7:", "[::1", "_hidden"] {
            assert_eq!(read(bad), "", "{bad}");
        }
    }

    #[test]
    fn the_name_of_a_scheme_has_no_case() {
        for scheme in ["Basic", "basic", "BASIC"] {
            let value = format!("{scheme} {}", STANDARD.encode("id:a:b"));
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(basic(&headers).unwrap(), ("id".to_owned(), "a:b".to_owned()));
        }
    }
}
