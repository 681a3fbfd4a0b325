//! Parameters of queries and forms.

use std::collections::HashSet;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, header};
use keyway_model::oauth::OAuthError;
use keyway_model::{ErrorCode, Reason};

use super::text;
use crate::Web;
use crate::error::WebError;
use crate::locale::Locale;
use crate::reason_texts;

/// Most parameters of a query or a form. The longest form of the console, with a field for every sentence of the pages, has
/// some hundreds.
const MAX_PARAMETERS: usize = 1000;

/// Parameters of a query or a form, each at most once: a repeated one is read differently by different programs.
#[derive(Debug, Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

/// What is wrong with parameters. Each API says it in the form of its own errors.
#[derive(Debug)]
pub struct ParametersError(pub Reason);

/// As OpenID Connect says it, whose requests and pages read forms.
impl From<ParametersError> for WebError {
    fn from(error: ParametersError) -> Self {
        Self::OAuth(OAuthError::new("invalid_request", reason_texts::texts(Locale::SOURCE).of(&error.0)))
    }
}

impl Parameters {
    /// Reads a query string or form body. `resource` alone may come more than once (RFC 8707 section 2).
    pub fn parse(text: &[u8]) -> Result<Self, ParametersError> {
        let refused = |reason: Reason| Err(ParametersError(reason));
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut names = HashSet::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if pairs.len() == MAX_PARAMETERS {
                return refused(Reason::TooManyParameters { most: MAX_PARAMETERS });
            }
            if name != "resource" && !names.insert(name.clone()) {
                return refused(Reason::RepeatedParameter { name: name.into() });
            }
            if name.contains('\0') || value.contains('\0') {
                return refused(Reason::NullInParameter { name: name.replace('\0', "").into() });
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self { pairs })
    }

    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, ParametersError> {
        let refused = || ParametersError(Reason::FormOrObject);
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
