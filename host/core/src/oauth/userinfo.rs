//! `/oidc/me`: the claims of the user behind an opaque access token.

use keyway_model::oauth::{OAuthError, TokenKind};
use keyway_model::user::User;
use keyway_model::{TenantId, UserId};
use keyway_store::{roles, tokens, users};
use serde_json::{Map, Value, json};

use crate::{Core, CoreError, secret};

impl Core {
    /// The claims that the token's scopes allow.
    pub async fn userinfo(&self, tenant: &TenantId, access_token: &str) -> Result<Map<String, Value>, CoreError> {
        let refused = || OAuthError::new("invalid_token", "access token is invalid");
        let (owner, hash, now) = (tenant.clone(), secret::hash(access_token), self.now());
        let found = self.parts.store.read(|tx| {
            Box::pin(async move {
                let Some((token, grant)) = tokens::find(tx, &owner, TokenKind::Access, &hash).await? else {
                    return Ok(None);
                };
                if token.expires_at <= now || grant.revoked_at.is_some() {
                    return Ok(None);
                }
                let user = users::find(tx, &owner, &grant.user_id).await?.filter(|user| !user.is_suspended);
                let names = if grant.scope.contains("roles") {
                    roles::names_of_user(tx, &owner, &grant.user_id).await?
                } else {
                    Vec::new()
                };
                Ok::<_, CoreError>(user.map(|user| (user, names, grant)))
            })
        });
        let (user, roles, grant) = found.await?.ok_or_else(refused)?;
        if !grant.scope.split_ascii_whitespace().any(|word| word == "openid") {
            return Err(OAuthError::new("insufficient_scope", "the access token lacks the scope openid").into());
        }
        Ok(claims_of(&user, &roles, &grant.scope, true))
    }

    /// Checks a Management API token: signature, type, issuer, audience, expiry. Returns subject and scopes.
    pub async fn verify_management_token(&self, token: &str) -> Result<Option<(UserId, Vec<String>)>, CoreError> {
        let keys = self.keys(&TenantId::default_tenant()).await?;
        Ok(keys.verify(Some("at+jwt"), token).and_then(|claims| self.management_access(&claims)))
    }

    fn management_access(&self, claims: &Value) -> Option<(UserId, Vec<String>)> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let live = claims.get("exp").and_then(Value::as_i64)? > self.now().seconds();
        let fits = text("iss") == Some(self.issuer(&TenantId::default_tenant()).as_str())
            && text("aud") == Some(keyway_model::resource::MANAGEMENT_API);
        let scopes = text("scope")?.split_ascii_whitespace().map(ToOwned::to_owned).collect();
        (live && fits).then_some((text("sub")?.into(), scopes))
    }
}

/// Claims by scope, as Logto maps them: `updated_at` in milliseconds. `all` adds what an ID token leaves out.
pub(super) fn claims_of(user: &User, roles: &[String], scope: &str, all: bool) -> Map<String, Value> {
    let has = |name: &str| scope.split_ascii_whitespace().any(|word| word == name);
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(user.id));
    if has("profile") {
        claims.extend(user.profile.clone());
        claims.insert("name".into(), json!(user.name));
        claims.insert("picture".into(), json!(user.avatar));
        claims.insert("username".into(), json!(user.username));
        if !claims.contains_key("preferred_username") {
            claims.insert("preferred_username".into(), json!(user.username));
        }
        claims.insert("created_at".into(), json!(user.created_at));
        claims.insert("updated_at".into(), json!(user.updated_at));
    }
    if has("email") {
        claims.insert("email".into(), json!(user.primary_email));
        claims.insert("email_verified".into(), json!(user.primary_email.is_some()));
    }
    if has("phone") {
        claims.insert("phone_number".into(), json!(user.primary_phone));
        claims.insert("phone_number_verified".into(), json!(user.primary_phone.is_some()));
    }
    if has("roles") {
        claims.insert("roles".into(), json!(roles));
    }
    if all && has("custom_data") {
        claims.insert("custom_data".into(), json!(user.custom_data));
    }
    if all && has("identities") {
        claims.insert("identities".into(), json!({}));
    }
    claims
}
