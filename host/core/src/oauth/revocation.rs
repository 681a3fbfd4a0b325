//! `/oidc/token/revocation` (RFC 7009): ends the grant that a token follows from.

use keyway_model::oauth::{OAuthError, TokenKind};
use keyway_store::tokens;

use super::ClientCredentials;
use super::client::authenticate_client;
use crate::{CoreError, Cx, secret};

/// Revokes a refresh or opaque access token of this client. An unknown token is no error (RFC 7009 section 2.2).
#[tracing::instrument(name = "oauth.revoke", skip_all)]
pub async fn revoke_token(cx: &Cx, client: &ClientCredentials, token: &str) -> Result<(), CoreError> {
    let client = authenticate_client(cx, client).await?;
    if token.split('.').count() == 3 {
        return Err(OAuthError::new("unsupported_token_type", "a JWT access token cannot be revoked").into());
    }
    let (owner, hash, now) = (cx.tenant.clone(), secret::hash(token), cx.now);
    cx.write(async move |tx| {
        for kind in [TokenKind::Refresh, TokenKind::Access] {
            if let Some((_, grant)) = tokens::find(tx, &owner, kind, &hash).await?
                && grant.application_id == client.application.id
            {
                tokens::revoke_grant(tx, &owner, &grant.id, now).await?;
            }
        }
        Ok::<_, CoreError>(())
    })
    .await
}
