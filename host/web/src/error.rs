//! The one place where an error becomes an HTTP answer.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyway_core::CoreError;
use keyway_model::oauth::OAuthError;
use keyway_model::{Detail, ErrorCode, Refusal};
use serde_json::{Value, json};

use crate::locale::Locale;
use crate::{composition, error_status, error_texts, pages, reason_texts};

/// An error on its way to the client.
#[derive(Debug)]
pub enum WebError {
    /// A rule refused: `{code, message, data?}`.
    Refusal(Box<Refusal>),
    /// An OAuth rule refused: `{code, message, error, error_description}`.
    OAuth(OAuthError),
}

impl From<ErrorCode> for WebError {
    fn from(code: ErrorCode) -> Self {
        Self::Refusal(Box::new(code.into()))
    }
}

impl From<Refusal> for WebError {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(Box::new(refusal))
    }
}

impl From<OAuthError> for WebError {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<CoreError> for WebError {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Refusal(refusal) => Self::Refusal(Box::new(refusal)),
            CoreError::OAuth(error) => Self::OAuth(error),
            // The cause is for the operator; the client learns whether to come again.
            CoreError::Store(error) => {
                tracing::error!(%error, "store failed");
                if error.is_passing() { ErrorCode::Unavailable.into() } else { ErrorCode::Internal.into() }
            }
            CoreError::Internal(cause) => {
                tracing::error!(cause, "internal error");
                ErrorCode::Internal.into()
            }
        }
    }
}

/// The body of an answer to what is refused.
#[derive(utoipa::ToSchema)]
#[schema(as = Error)]
#[expect(dead_code, reason = "the shape of what `WebError::body` makes, for the documentation")]
pub struct ErrorBody {
    /// Stable code, such as `entity.not_found`.
    code: String,
    /// What is wrong, in words.
    message: String,
    /// More about it, such as the field that is wrong.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

impl WebError {
    /// The same error without the provider's own words: they are for the admin.
    #[must_use]
    pub fn for_end_user(self) -> Self {
        match self {
            Self::Refusal(refusal) if refusal.code.code().starts_with("connector.") => refusal.code.into(),
            other => other,
        }
    }

    /// The code that programs compare.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refusal(refusal) => refusal.code.code(),
            Self::OAuth(error) => error.error,
        }
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refusal(refusal) => error_status::status(refusal.code),
            Self::OAuth(error) => StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The body of a JSON answer.
    pub fn body(&self) -> Value {
        match self {
            Self::Refusal(refusal) => {
                let mut body = json!({ "code": refusal.code.code(), "message": sentence(refusal, Locale::SOURCE) });
                if let (Some(data), Some(body)) = (&refusal.data, body.as_object_mut()) {
                    let mut data = data.clone();
                    if let (Some(seconds), Some(data)) = (retry_after(refusal), data.as_object_mut()) {
                        data.insert("relativeTime".into(), pages::texts::texts(Locale::SOURCE).span(seconds).into());
                    }
                    body.insert("data".into(), data);
                }
                body
            }
            Self::OAuth(error) => json!({
                "code": format!("oidc.{}", error.error),
                "message": error.description,
                "error": error.error,
                "error_description": error.description,
            }),
        }
    }
}

/// Seconds until a refused request may come again, where the refusal ends by itself.
pub fn retry_after(refusal: &Refusal) -> Option<i64> {
    refusal.data.as_ref()?.get("retryAfter")?.as_i64()
}

/// What a refusal says to a person in the reader's language, with the field that it is about.
pub fn sentence(refusal: &Refusal, locale: Locale) -> String {
    let text = message(refusal, locale);
    match &refusal.field {
        Some(field) => composition::texts(locale).at_field(field, &text),
        None => text.into_owned(),
    }
}

/// The same without the field, for a text beside it. Somebody else's words, which are mostly English, stand alone in English and
/// behind the sentence of the code in another language.
pub fn message(refusal: &Refusal, locale: Locale) -> Cow<'_, str> {
    let of_code = error_texts::texts(locale).of(refusal.code);
    match refusal.detail.as_deref() {
        None => of_code.into(),
        Some(Detail::Quoted(words)) if locale != Locale::SOURCE => {
            composition::texts(locale).with_detail(of_code, words).into()
        }
        Some(detail) => reason_texts::words(detail, locale),
    }
}

/// A refusal's code and sentence in English, for whoever is at a command line.
pub fn explained(refusal: &Refusal) -> String {
    format!("{}: {}", refusal.code.code(), sentence(refusal, Locale::SOURCE))
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.body())).into_response();
        if let Self::OAuth(error) = &self
            && error.status == 401
        {
            let challenge = match error.error {
                "invalid_token" => "Bearer error=\"invalid_token\"",
                _ => "Basic realm=\"oidc\"",
            };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        // For a guard that shows errors as pages.
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// An unknown address: a page for people, JSON for programs.
pub async fn not_found(headers: HeaderMap) -> Response {
    crate::pages::error(&headers, ErrorCode::NotFound.into())
}

/// A known address with another method.
pub async fn method_not_allowed() -> WebError {
    ErrorCode::MethodNotAllowed.into()
}

/// A defect of the server; the process lives on.
pub fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(cause = text.unwrap_or_default(), "a handler panicked");
    WebError::from(ErrorCode::Internal).into_response()
}
