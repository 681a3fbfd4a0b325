//! Authentication of clients at the token and revocation endpoints.

use std::sync::Arc;

use keyway_model::ApplicationId;
use keyway_model::oauth::OAuthError;

use crate::configuration::Client;
use crate::{CoreError, Cx};

/// What a client presents. Basic authentication and form fields may both be there when they name the same client.
#[derive(Debug, Default, Clone)]
pub struct ClientCredentials {
    /// From the `Authorization: Basic` header.
    pub basic: Option<(String, String)>,
    /// `client_id` of the form.
    pub client_id: Option<String>,
    /// `client_secret` of the form.
    pub client_secret: Option<String>,
}

/// The application behind the credentials. A public client presents none; every other must present a live secret.
pub(super) async fn authenticate_client(cx: &Cx, credentials: &ClientCredentials) -> Result<Arc<Client>, CoreError> {
    let refused = || OAuthError::new("invalid_client", "client authentication failed");
    let (id, presented) = match (&credentials.basic, &credentials.client_id) {
        (Some(basic), Some(other)) if basic.0 != *other && form_decoded(basic).is_none_or(|(id, _)| id != *other) => {
            return Err(refused().into());
        }
        (Some((id, secret)), _) => (id.clone(), Some(secret.clone())),
        (None, Some(id)) => (id.clone(), credentials.client_secret.clone()),
        (None, None) => {
            return Err(OAuthError::new("invalid_request", "no client authentication mechanism provided").into());
        }
    };
    let mut candidates = vec![(id, presented)];
    candidates.extend(credentials.basic.as_ref().and_then(form_decoded).map(|(id, secret)| (id, Some(secret))));
    for (id, presented) in candidates {
        let Some(client) = cx.core().client(&cx.tenant, &ApplicationId(id)).await? else { continue };
        let proven = client.application.kind.is_public()
            || presented.is_some_and(|presented| client.has_secret(&presented, cx.now));
        if proven {
            return Ok(client);
        }
    }
    Err(refused().into())
}

/// Id and secret as RFC 6749 section 2.3.1 sends them: each form-encoded (appendix B). Logto's SDKs send them as they are, so
/// that is tried first; none where decoding changes nothing.
fn form_decoded((id, secret): &(String, String)) -> Option<(String, String)> {
    let decode = |text: &str| {
        let mut pairs = url::form_urlencoded::parse(text.as_bytes());
        match (pairs.next(), pairs.next()) {
            (Some((name, value)), None) if value.is_empty() => Some(name.into_owned()),
            _ => None,
        }
    };
    let decoded = (decode(id)?, decode(secret)?);
    (decoded.0 != *id || decoded.1 != *secret).then_some(decoded)
}
