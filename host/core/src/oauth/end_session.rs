//! `/oidc/session/end` (RP-initiated logout): ends the browser's session.

use keyway_model::ApplicationId;
use keyway_model::oauth::OAuthError;
use keyway_store::{sessions, tokens};
use serde_json::json;

use crate::events::{Event, EventKind};
use crate::{CoreError, Cx, secret};

/// The parameters of a request, as they came.
#[derive(Debug, Default, Clone)]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub struct EndSession {
    pub client_id: Option<String>,
    pub id_token_hint: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
    pub state: Option<String>,
    /// The browser navigates to this address itself, as far as it tells.
    pub is_navigation: bool,
    /// The person has confirmed on our own page.
    pub confirmed: bool,
}

/// What follows.
#[derive(Debug)]
pub enum SignedOut {
    /// The session is over; the browser goes there, or to our own page.
    Done(Option<String>),
    /// Nothing proves that the person asked: they must confirm, or any site could sign people out. Where they go then.
    Ask(Option<String>),
}

/// Ends the session when it is proven that its person asks: by an ID token of this session, by a navigation to which an
/// application with a grant of this session sent the browser, or by a confirmation.
#[tracing::instrument(name = "oauth.end_session", skip_all)]
pub async fn end_session(cx: &Cx, request: EndSession, session_secret: Option<String>) -> Result<SignedOut, CoreError> {
    let keys = cx.core().keys(&cx.tenant).await?;
    let hint = request.id_token_hint.as_deref().and_then(|token| keys.verify(None, token));
    let claim = |name: &str| hint.as_ref().and_then(|claims| claims.get(name)?.as_str());
    if let (Some(hinted), Some(named)) = (claim("aud"), &request.client_id)
        && hinted != named
    {
        return Err(OAuthError::new("invalid_request", "client_id is not the audience of id_token_hint").into());
    }
    let client = request.client_id.clone().or_else(|| claim("aud").map(ToOwned::to_owned)).map(ApplicationId);
    let target = signed_out_target(cx, client.as_ref(), &request).await?;
    let Some(secret) = session_secret else { return Ok(SignedOut::Done(target)) };
    let (owner, hash, now) = (cx.tenant.clone(), secret::hash(&secret), cx.now);
    let hinted = claim("sub").zip(claim("sid")).map(|(user, session)| (user.to_owned(), session.to_owned()));
    let (confirmed, may_be_sent) = (request.confirmed, request.is_navigation && hint.is_none());
    let ended = cx
        .write(async move |tx| {
            let Some(session) = sessions::find(tx, &owner, &hash, now).await? else {
                sessions::delete(tx, &owner, &hash).await?;
                return Ok::<_, CoreError>(true);
            };
            let is_hinted =
                hinted.is_some_and(|(user, id)| user == session.user_id.as_str() && id == session.id.as_str());
            let is_sent = match &client {
                Some(client) if may_be_sent && !confirmed => tokens::has_grant(tx, &owner, &session.id, client).await?,
                _ => false,
            };
            if !confirmed && !is_hinted && !is_sent {
                return Ok(false);
            }
            sessions::delete(tx, &owner, &hash).await?;
            tokens::revoke_of_session(tx, &owner, &session.id, now).await?;
            let event = Event::new(EventKind::SignedOut).by_user(&session.user_id);
            cx.emit(tx, event.removed("sessionId", json!(session.id))).await?;
            Ok(true)
        })
        .await?;
    Ok(if ended { SignedOut::Done(target) } else { SignedOut::Ask(target) })
}

/// Where the browser goes afterwards, when the request names an address that the client registered.
async fn signed_out_target(
    cx: &Cx,
    client: Option<&ApplicationId>,
    request: &EndSession,
) -> Result<Option<String>, CoreError> {
    let Some(uri) = &request.post_logout_redirect_uri else { return Ok(None) };
    let Some(client) = client else {
        let description = "post_logout_redirect_uri needs client_id or id_token_hint";
        return Err(OAuthError::new("invalid_request", description).into());
    };
    let client = cx.core().client(&cx.tenant, client).await?;
    let client = client.ok_or_else(|| OAuthError::new("invalid_client", "client_id names no application"))?;
    if !client.application.oidc_client_metadata.post_logout_redirect_uris.contains(uri) {
        return Err(OAuthError::new("invalid_request", "post_logout_redirect_uri is not registered").into());
    }
    Ok(Some(with_state(uri, request.state.as_deref())))
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
