//! `/oidc/me`: the claims of the user behind an opaque access token.

use keyway_model::oauth::{Grant, OAuthError, TokenKind};
use keyway_model::resource::management_api;
use keyway_model::user::{Identity, User};
use keyway_model::{ApplicationId, UserId};
use keyway_store::{identities, resources, role_assignments, tokens, users};
use serde_json::{Map, Value, json};

use crate::{Actor, CoreError, Cx, secret};

/// The claims that the token's scopes allow.
#[tracing::instrument(name = "oauth.userinfo", skip_all)]
pub async fn userinfo(cx: &Cx, access_token: &str) -> Result<Map<String, Value>, CoreError> {
    let refused = || OAuthError::new("invalid_token", "access token is invalid");
    let (owner, hash, now) = (cx.tenant.clone(), secret::hash(access_token), cx.now);
    let found = cx.read(async move |tx| {
        let Some((token, grant)) = tokens::find(tx, &owner, TokenKind::Access, &hash).await? else {
            return Ok(None);
        };
        if token.expires_at <= now || grant.revoked_at.is_some() {
            return Ok(None);
        }
        let grant = Grant { scope: token.scope.unwrap_or(grant.scope), ..grant };
        let user = users::find(tx, &owner, &grant.user_id).await?.filter(|user| !user.is_suspended);
        let names = if has_scope(&grant.scope, "roles") {
            role_assignments::names_of_user(tx, &owner, &grant.user_id).await?
        } else {
            Vec::new()
        };
        let linked = if has_scope(&grant.scope, "identities") {
            Some(identities::list(tx, &owner, &grant.user_id).await?)
        } else {
            None
        };
        Ok::<_, CoreError>(user.map(|user| (user, names, linked, grant)))
    });
    let (user, roles, linked, grant) = found.await?.ok_or_else(refused)?;
    if !has_scope(&grant.scope, "openid") {
        return Err(OAuthError::new("insufficient_scope", "the access token lacks the scope openid").into());
    }
    let mut claims = claims_of(&user, &roles, &grant.scope, true);
    if let Some(linked) = linked {
        claims.insert("identities".into(), linked_identities(linked));
    }
    Ok(claims)
}

/// Checks a token for a tenant's Management API: signature, type, issuer, audience, expiry, and that its client and their roles still
/// are what they were. Returns who acts and the scopes that both the token and the roles of this moment hold.
pub async fn verify_management_token(cx: &Cx, token: &str) -> Result<Option<(Actor, Vec<String>)>, CoreError> {
    let keys = cx.core().keys(&cx.tenant).await?;
    let api = management_api(&cx.tenant);
    let Some(claims) = keys.verify(Some("at+jwt"), token) else { return Ok(None) };
    let Some((subject, client, scopes)) = management_access(cx, &api, &claims) else { return Ok(None) };
    if cx.core().client(&cx.tenant, &client).await?.is_none() {
        return Ok(None);
    }
    let is_program = subject.as_str() == client.as_str();
    let held = if is_program {
        let access = cx.core().machine_access(&cx.tenant, &client, &api).await?;
        access.map(|access| access.1.clone()).unwrap_or_default()
    } else {
        let (owner, user) = (cx.tenant.clone(), subject.clone());
        let read = cx.read(async move |tx| {
            let known = users::find(tx, &owner, &user).await?.filter(|user| !user.is_suspended);
            if known.is_none() {
                return Ok::<_, CoreError>(Vec::new());
            }
            Ok(resources::scopes_of_user(tx, &owner, &user, &api).await?)
        });
        read.await?
    };
    let scopes: Vec<String> = scopes.into_iter().filter(|scope| held.contains(scope)).collect();
    let actor = if is_program { Actor::Application(client) } else { Actor::User(subject) };
    Ok(Some((actor, scopes)))
}

fn management_access(cx: &Cx, api: &str, claims: &Value) -> Option<(UserId, ApplicationId, Vec<String>)> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let live = claims.get("exp").and_then(Value::as_i64)? > cx.now.seconds();
    let fits = text("iss") == Some(cx.core().issuer(&cx.tenant).as_str()) && text("aud") == Some(api);
    let scopes = text("scope")?.split_ascii_whitespace().map(ToOwned::to_owned).collect();
    (live && fits).then_some((text("sub")?.into(), text("client_id")?.into(), scopes))
}

/// Identities by target. The provider's own words stay with the administrator: what a module puts into them may be a token.
fn linked_identities(identities: Vec<Identity>) -> Value {
    let linked = identities.into_iter().map(|mut identity| {
        if let Some(details) = identity.details.as_object_mut() {
            details.remove("rawData");
        }
        (identity.target, json!({ "userId": identity.id, "details": identity.details }))
    });
    Value::Object(linked.collect())
}

/// Whether a scope holds this word.
pub(super) fn has_scope(scope: &str, name: &str) -> bool {
    scope.split_ascii_whitespace().any(|word| word == name)
}

/// Claims by scope, as Logto maps them: `updated_at` in milliseconds. `all` adds what an ID token leaves out.
pub(super) fn claims_of(user: &User, roles: &[String], scope: &str, all: bool) -> Map<String, Value> {
    let has = |name: &str| has_scope(scope, name);
    let mut claims = Map::new();
    if has("profile") {
        claims.extend(user.profile.claims());
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
    claims.insert("sub".into(), json!(user.id));
    claims
}
