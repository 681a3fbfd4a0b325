//! `/oidc/token/revocation` (RFC 7009): ends the grant that a token follows from.

use keyway_model::oauth::{OAuthError, TokenKind};
use keyway_store::tokens;

use super::ClientCredentials;
use super::client::authenticate_client;
use crate::events::{Event, EventKind};
use crate::{CoreError, Cx, secret};

/// Revokes a refresh or opaque access token of this client. An unknown token is no error (RFC 7009 section 2.2).
#[tracing::instrument(name = "oauth.revoke", skip_all)]
pub async fn revoke_token(cx: &Cx, client: &ClientCredentials, token: &str) -> Result<(), CoreError> {
    let client = authenticate_client(cx, client).await?;
    if token.split('.').count() == 3 {
        return Err(OAuthError::new("unsupported_token_type", "a JWT access token cannot be revoked").into());
    }
    let (hash, client) = (&secret::hash(token), &client.application.id);
    cx.write(async move |tx| {
        for kind in [TokenKind::Refresh, TokenKind::Access] {
            if let Some((_, grant)) = tokens::find(tx, &cx.tenant, kind, hash).await?
                && grant.application_id == *client
            {
                tokens::revoke_grant(tx, &cx.tenant, &grant.id, cx.now).await?;
                let event = Event::new(EventKind::TokenRevoked).of_application(&grant.application_id);
                cx.emit(tx, event.of_user(&grant.user_id)).await?;
            }
        }
        Ok::<_, CoreError>(())
    })
    .await
}
