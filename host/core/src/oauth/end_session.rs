//! `/oidc/session/end` (RP-initiated logout): ends the browser's session.

use keyway_model::oauth::OAuthError;
use keyway_model::{ApplicationId, TenantId};
use keyway_store::{sessions, tokens};
use serde_json::Value;

use crate::{Core, CoreError, secret};

/// The parameters of a request, as they came.
#[derive(Debug, Default, Clone)]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub struct EndSession {
    pub client_id: Option<String>,
    pub id_token_hint: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
    pub state: Option<String>,
    /// The person has confirmed on our own page.
    pub confirmed: bool,
}

/// What follows.
#[derive(Debug)]
pub enum SignedOut {
    /// The session is over; the browser goes there, or to our own page.
    Done(Option<String>),
    /// Nobody known has asked: the person must confirm, or any site could sign people out.
    Ask,
}

impl Core {
    /// Ends the session when a known application asks, or the person has confirmed.
    pub async fn end_session(
        &self,
        tenant: &TenantId,
        request: EndSession,
        session_secret: Option<String>,
    ) -> Result<SignedOut, CoreError> {
        let keys = self.keys(tenant).await?;
        let hinted = request.id_token_hint.as_deref().and_then(|token| {
            let claims = keys.verify(None, token)?;
            claims.get("aud").and_then(Value::as_str).map(ToOwned::to_owned)
        });
        if let (Some(hinted), Some(named)) = (&hinted, &request.client_id)
            && hinted != named
        {
            return Err(OAuthError::new("invalid_request", "client_id is not the audience of id_token_hint").into());
        }
        let client = request.client_id.clone().or(hinted);
        let target = match (client, &request.post_logout_redirect_uri) {
            (Some(client), Some(uri)) => {
                let found = self.client(tenant, &ApplicationId(client)).await?;
                let client =
                    found.ok_or_else(|| OAuthError::new("invalid_client", "client_id names no application"))?;
                if !client.application.oidc_client_metadata.post_logout_redirect_uris.contains(uri) {
                    let description = "post_logout_redirect_uri is not registered";
                    return Err(OAuthError::new("invalid_request", description).into());
                }
                Some(with_state(uri, request.state.as_deref()))
            }
            (None, Some(_)) => {
                return Err(OAuthError::new(
                    "invalid_request",
                    "post_logout_redirect_uri needs client_id or id_token_hint",
                )
                .into());
            }
            (_, None) if request.confirmed => None,
            (_, None) => return Ok(SignedOut::Ask),
        };
        if let Some(secret) = session_secret {
            let (owner, hash, now) = (tenant.clone(), secret::hash(&secret), self.now());
            self.parts
                .store
                .write(move |tx| {
                    Box::pin(async move {
                        if let Some(id) = sessions::delete(tx, &owner, &hash).await? {
                            tokens::revoke_of_session(tx, &owner, &id, now).await?;
                        }
                        Ok::<_, CoreError>(())
                    })
                })
                .await?;
        }
        Ok(SignedOut::Done(target))
    }
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    match (state, url::Url::parse(uri)) {
        (Some(state), Ok(mut url)) => {
            url.query_pairs_mut().append_pair("state", state);
            url.into()
        }
        _ => uri.to_owned(),
    }
}
