//! `/oidc/token/introspection` (RFC 7662): whether a token is alive and what it stands for.

use keyway_model::oauth::TokenKind;
use keyway_store::{tokens, users};
use serde_json::{Map, Value, json};

use super::ClientCredentials;
use super::client::authenticate_client;
use crate::{CoreError, Cx, secret};

/// What a client may know of a token: those that were issued to it, and nothing of any other (RFC 7662 section 2.2: all that
/// is not alive for the caller is `{"active": false}`).
#[tracing::instrument(name = "oauth.introspect", skip_all)]
pub async fn introspect_token(cx: &Cx, client: &ClientCredentials, token: &str) -> Result<Value, CoreError> {
    let client = authenticate_client(cx, client).await?;
    let application = client.application.id.clone();
    let inactive = || json!({ "active": false });
    if token.split('.').count() == 3 {
        return Ok(introspect_jwt(cx, application.as_str(), token).await?.unwrap_or_else(inactive));
    }
    let (owner, hash, now) = (cx.tenant.clone(), secret::hash(token), cx.now);
    let found = cx
        .read(async move |tx| {
            for kind in [TokenKind::Access, TokenKind::Refresh] {
                let Some((token, grant)) = tokens::find(tx, &owner, kind, &hash).await? else { continue };
                let is_over = token.expires_at <= now
                    || grant.revoked_at.is_some()
                    || (kind == TokenKind::Refresh && token.consumed_at.is_some());
                if is_over || grant.application_id != application {
                    return Ok(None);
                }
                let user = users::find(tx, &owner, &grant.user_id).await?;
                return Ok(user.filter(|user| !user.is_suspended).map(|_| (kind, token, grant)));
            }
            Ok::<_, CoreError>(None)
        })
        .await?;
    let Some((kind, token, grant)) = found else { return Ok(inactive()) };
    let mut answer = json!({
        "active": true,
        "sub": grant.user_id,
        "client_id": grant.application_id,
        "scope": grant.scope,
        "iat": token.created_at.seconds(),
        "exp": token.expires_at.seconds(),
        "iss": cx.core().issuer(&cx.tenant),
    });
    if kind == TokenKind::Access
        && let Some(answer) = answer.as_object_mut()
    {
        answer.insert("token_type".into(), json!("Bearer"));
    }
    Ok(answer)
}

async fn introspect_jwt(cx: &Cx, client: &str, token: &str) -> Result<Option<Value>, CoreError> {
    let keys = cx.core().keys(&cx.tenant).await?;
    let Some(Value::Object(claims)) = keys.verify(Some("at+jwt"), token) else { return Ok(None) };
    let is_live = claims.get("exp").and_then(Value::as_i64).is_some_and(|exp| exp > cx.now.seconds());
    let is_own = claims.get("client_id").and_then(Value::as_str) == Some(client);
    if !is_live || !is_own || claims.get("iss").and_then(Value::as_str) != Some(cx.core().issuer(&cx.tenant).as_str()) {
        return Ok(None);
    }
    let mut answer = Map::from_iter([("active".to_owned(), json!(true)), ("token_type".to_owned(), json!("Bearer"))]);
    answer.extend(claims);
    Ok(Some(Value::Object(answer)))
}
