//! Uses a code or a refresh token: everything that it must satisfy, and what follows, in one transaction.

use std::sync::Arc;

use keyway_model::application::{Application, ApplicationType};
use keyway_model::oauth::{
    ACCESS_TOKEN_TTL, Grant, OAuthError, REFRESH_FAMILY_TTL, REFRESH_LEEWAY, REFRESH_TOKEN_TTL_DAYS, StoredToken,
    TokenKind,
};
use keyway_model::resource::intersect;
use keyway_model::user::User;
use keyway_model::{TenantId, Timestamp};
use keyway_store::{Tx, resources, role_assignments, tokens, users};

use super::token::TokenParameters;
use super::userinfo::has_scope;
use crate::configuration::Client;
use crate::events::{Event, EventKind};
use crate::{CoreError, Cx, secret};

/// What a use of a code or refresh token came to. A refusal commits too: it may have revoked a grant.
pub(super) type Used = Result<TokenGrant, OAuthError>;

/// All that is needed to sign.
pub(super) struct TokenGrant {
    pub grant: Grant,
    pub user: User,
    pub roles: Vec<String>,
    pub access: Access,
    pub refresh_token: Option<String>,
}

/// The access token to be.
pub(super) enum Access {
    Opaque(String),
    Jwt { indicator: String, scope: String, ttl: i64 },
}

/// A code or refresh token, with the request that presents it.
#[derive(Clone)]
pub(super) struct Exchange {
    pub client: Arc<Client>,
    pub parameters: TokenParameters,
    pub kind: TokenKind,
    pub presented: String,
    pub new: NewSecrets,
}

/// Dice thrown before the transaction.
#[derive(Clone)]
pub(super) struct NewSecrets {
    pub access: String,
    pub refresh: String,
}

fn invalid_grant(description: &str) -> OAuthError {
    OAuthError::new("invalid_grant", description)
}

impl Exchange {
    /// Uses the token, and writes an event of what came of it.
    pub async fn run(self, cx: &Cx, tx: &mut Tx) -> Result<Used, CoreError> {
        let kind = match self.kind {
            TokenKind::Code => EventKind::CodeExchanged,
            _ => EventKind::RefreshTokenExchanged,
        };
        let event = Event::new(kind).of_application(&self.client.application.id);
        let hash = secret::hash(&self.presented);
        let Some((token, grant)) = tokens::find(tx, &cx.tenant, self.kind, &hash).await? else {
            let refused = invalid_grant("grant request is invalid");
            // A stranger who guesses as a public client leaves no row behind.
            if !self.client.application.kind.is_public() {
                cx.emit(tx, event.failed(refused.error)).await?;
            }
            return Ok(Err(refused));
        };
        let used = self.judge_and_use(cx, tx, token, grant).await?;
        match &used {
            Ok(ready) => cx.emit(tx, event.by_user(&ready.grant.user_id)).await?,
            Err(error) => cx.emit(tx, event.failed(error.error)).await?,
        }
        Ok(used)
    }

    async fn judge_and_use(self, cx: &Cx, tx: &mut Tx, token: StoredToken, grant: Grant) -> Result<Used, CoreError> {
        let Self { client, parameters, kind, presented, new } = self;
        let (tenant, now, application, parameters) = (&cx.tenant, cx.now, &client.application, &parameters);
        let hash = secret::hash(&presented);
        // Another client's token says nothing about its owner's conduct, so the owner's grant stays.
        if grant.application_id != application.id {
            return Ok(Err(invalid_grant("the token was issued to another client")));
        }
        let in_leeway = |used: Timestamp| kind == TokenKind::Refresh && now.seconds_since(used) < REFRESH_LEEWAY;
        if token.consumed_at.is_some_and(|used| !in_leeway(used)) {
            tokens::revoke_grant(tx, tenant, &grant.id, now).await?;
            return Ok(Err(invalid_grant("the token was used before; everything that came of it is revoked")));
        }
        if grant.revoked_at.is_some() || now >= token.expires_at {
            return Ok(Err(invalid_grant("the token has expired or was revoked")));
        }
        if kind == TokenKind::Code
            && let Err(error) = check_code(&token, parameters)
        {
            return Ok(Err(error));
        }
        // Held: a suspension or a new password comes before what follows or after all of it.
        let found = users::hold(tx, tenant, &grant.user_id).await?;
        let lives = |user: &User| !user.is_suspended && user.credential_epoch == grant.credential_epoch;
        let Some(user) = found.filter(lives) else {
            tokens::revoke_grant(tx, tenant, &grant.id, now).await?;
            return Ok(Err(invalid_grant("the user does not exist or is suspended")));
        };
        let granted = |word: &str| has_scope(&grant.scope, word);
        let narrowed = parameters.scope.as_deref().filter(|_| kind == TokenKind::Refresh);
        if narrowed.is_some_and(|asked| !asked.split_ascii_whitespace().all(granted)) {
            let description = "scope must not hold more than was granted (RFC 6749 section 6)";
            return Ok(Err(OAuthError::new("invalid_scope", description)));
        }
        let narrowed = narrowed.map(ToOwned::to_owned);
        let access = match access_for(tx, tenant, parameters, &grant).await? {
            Ok(access) => access,
            Err(error) => return Ok(Err(error)),
        };
        let refresh_token = match kind {
            TokenKind::Code => {
                if !tokens::consume(tx, tenant, &hash, now).await? {
                    tokens::revoke_grant(tx, tenant, &grant.id, now).await?;
                    return Ok(Err(invalid_grant("the code was used before")));
                }
                let offline = has_scope(&grant.scope, "offline_access");
                if offline { Some(new.refresh) } else { None }
            }
            _ if token.consumed_at.is_some() || rotates(application, &token, now) => {
                // False when another request of this moment was first: this one gets a successor of its own.
                tokens::consume(tx, tenant, &hash, now).await?;
                Some(new.refresh)
            }
            _ => None,
        };
        if let Some(refresh) = &refresh_token {
            let keeps_end = kind == TokenKind::Refresh && application.kind == ApplicationType::Spa;
            let expires_at = if keeps_end { token.expires_at } else { refresh_end(application, &grant, now) };
            tokens::insert(tx, tenant, &stored(TokenKind::Refresh, refresh, &grant, now, expires_at)).await?;
        }
        let refresh_token = refresh_token.or_else(|| (kind == TokenKind::Refresh).then_some(presented));
        let access = if let Some(jwt) = access {
            jwt
        } else {
            let expires_at = now.plus_seconds(ACCESS_TOKEN_TTL);
            let access = stored(TokenKind::Access, &new.access, &grant, now, expires_at);
            tokens::insert(tx, tenant, &StoredToken { scope: narrowed.clone(), ..access }).await?;
            Access::Opaque(new.access)
        };
        let grant = Grant { scope: narrowed.unwrap_or(grant.scope), ..grant };
        let with_roles = has_scope(&grant.scope, "roles");
        let roles = if with_roles { role_assignments::names_of_user(tx, tenant, &user.id).await? } else { Vec::new() };
        Ok(Ok(TokenGrant { grant, user, roles, access, refresh_token }))
    }
}

fn check_code(token: &StoredToken, parameters: &TokenParameters) -> Result<(), OAuthError> {
    if parameters.redirect_uri.as_deref() != Some(token.redirect_uri.as_str()) {
        return Err(invalid_grant("redirect_uri is not the one of the authorization request"));
    }
    match (&parameters.code_verifier, token.code_challenge.as_str()) {
        (None, "") => Ok(()),
        // RFC 9700 section 4.8.2: a verifier without a challenge is a downgrade under way.
        (Some(_), "") => Err(invalid_grant("the authorization request had no code_challenge")),
        (None, _) => Err(invalid_grant("code_verifier is missing")),
        (Some(verifier), challenge) => {
            let long = (43..=128).contains(&verifier.len());
            let fits: bool =
                subtle::ConstantTimeEq::ct_eq(secret::challenge(verifier).as_bytes(), challenge.as_bytes()).into();
            if long && fits { Ok(()) } else { Err(invalid_grant("code_verifier does not fit the code_challenge")) }
        }
    }
}

/// A JWT for the named resource; none means an opaque token for the user-info endpoint.
async fn access_for(
    tx: &mut Tx,
    tenant: &TenantId,
    parameters: &TokenParameters,
    grant: &Grant,
) -> Result<Result<Option<Access>, OAuthError>, CoreError> {
    let Some(indicator) = &parameters.resource else { return Ok(Ok(None)) };
    if !grant.resources.contains(indicator) {
        return Ok(Err(OAuthError::new("invalid_target", "resource was not part of the authorization request")));
    }
    let Some(resource) = resources::find_by_indicator(tx, tenant, indicator).await? else {
        return Ok(Err(OAuthError::new("invalid_target", "resource names no registered API resource")));
    };
    let held = resources::scopes_of_user(tx, tenant, &grant.user_id, indicator).await?;
    let asked = match &parameters.scope {
        Some(scope) => {
            intersect(scope, &grant.scope.split_ascii_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>())
        }
        None => grant.scope.clone(),
    };
    Ok(Ok(Some(Access::Jwt {
        indicator: indicator.clone(),
        scope: intersect(&asked, &held),
        ttl: resource.access_token_ttl,
    })))
}

/// Public clients rotate each time, whatever is set (RFC 9700 section 4.14.2); others when 70 % of the token's life is over.
fn rotates(application: &Application, token: &StoredToken, now: Timestamp) -> bool {
    if application.kind.is_public() {
        return true;
    }
    if application.custom_client_metadata.rotate_refresh_token == Some(false) {
        return false;
    }
    let life = token.expires_at.0 - token.created_at.0;
    (now.0 - token.created_at.0) * 10 >= life * 7
}

fn refresh_end(application: &Application, grant: &Grant, now: Timestamp) -> Timestamp {
    let days = application.custom_client_metadata.refresh_token_ttl_in_days.unwrap_or(REFRESH_TOKEN_TTL_DAYS);
    now.plus_seconds(days * 24 * 3600).min(grant.created_at.plus_seconds(REFRESH_FAMILY_TTL))
}

fn stored(kind: TokenKind, value: &str, grant: &Grant, now: Timestamp, expires_at: Timestamp) -> StoredToken {
    StoredToken {
        hash: secret::hash(value),
        kind,
        grant_id: grant.id.clone(),
        redirect_uri: String::new(),
        code_challenge: String::new(),
        created_at: now,
        expires_at,
        consumed_at: None,
        scope: None,
    }
}
