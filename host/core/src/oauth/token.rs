//! `/oidc/token`: authorization code, refresh token, client credentials.

use std::sync::Arc;

use keyway_model::application::{Application, ApplicationType};
use keyway_model::oauth::{
    ACCESS_TOKEN_TTL, Grant, ID_TOKEN_TTL, OAuthError, REFRESH_FAMILY_TTL, REFRESH_TOKEN_TTL_DAYS, StoredToken,
    TokenKind,
};
use keyway_model::resource::intersect;
use keyway_model::user::User;
use keyway_model::{TenantId, Timestamp};
use keyway_store::{Tx, resources, roles, tokens, users};
use serde::Serialize;
use serde_json::{Value, json};

use super::ClientCredentials;
use super::userinfo::claims_of;
use crate::configuration::Client;
use crate::logs::Event;
use crate::{Core, CoreError, Visitor, secret};

/// The parameters of a request, as they came.
#[derive(Debug, Default, Clone)]
#[expect(missing_docs, reason = "the names are those of the specifications")]
pub struct TokenParameters {
    pub grant_type: String,
    pub code: Option<String>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<String>,
    pub refresh_token: Option<String>,
    pub resource: Option<String>,
    pub scope: Option<String>,
}

/// The answer of the token endpoint (RFC 6749 section 5.1).
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names are those of the specifications")]
pub struct TokenResponse {
    pub access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    pub token_type: &'static str,
    pub expires_in: i64,
    pub scope: String,
}

/// What a use of a code or refresh token came to. A refusal commits too: it may have revoked a grant.
type Used = Result<Ready, OAuthError>;

/// All that is needed to sign.
struct Ready {
    grant: Grant,
    user: User,
    roles: Vec<String>,
    access: Access,
    refresh_token: Option<String>,
}

enum Access {
    Opaque(String),
    Jwt { indicator: String, scope: String, ttl: i64 },
}

fn invalid_grant(description: &str) -> OAuthError {
    OAuthError::new("invalid_grant", description)
}

impl Core {
    /// Answers a token request.
    pub async fn token(
        &self,
        tenant: &TenantId,
        client: &ClientCredentials,
        parameters: TokenParameters,
        visitor: &Visitor,
    ) -> Result<TokenResponse, CoreError> {
        let client = self.authenticate_client(tenant, client).await?;
        match parameters.grant_type.as_str() {
            "authorization_code" => self.exchange(tenant, client, parameters, TokenKind::Code, visitor).await,
            "refresh_token" => self.exchange(tenant, client, parameters, TokenKind::Refresh, visitor).await,
            "client_credentials" => self.client_credentials(tenant, &client.application, parameters).await,
            _ => {
                let description = "grant_type must be authorization_code, refresh_token or client_credentials";
                Err(OAuthError::new("unsupported_grant_type", description).into())
            }
        }
    }

    async fn exchange(
        &self,
        tenant: &TenantId,
        client: Arc<Client>,
        parameters: TokenParameters,
        kind: TokenKind,
        visitor: &Visitor,
    ) -> Result<TokenResponse, CoreError> {
        let application = &client.application;
        if application.kind == ApplicationType::MachineToMachine {
            return Err(OAuthError::new("unauthorized_client", "a machine-to-machine application has no users").into());
        }
        let presented = match kind {
            TokenKind::Code => parameters.code.clone(),
            _ => parameters.refresh_token.clone(),
        };
        let presented =
            presented.ok_or_else(|| OAuthError::new("invalid_request", "code or refresh_token is missing"))?;
        let new = NewSecrets { access: secret::generate(self.rng()), refresh: secret::generate(self.rng()) };
        let key = match kind {
            TokenKind::Code => "ExchangeTokenBy.AuthorizationCode",
            _ => "ExchangeTokenBy.RefreshToken",
        };
        let audit = Event::new(self, key, visitor).application(&application.id);
        let (owner, now, used_by) = (tenant.clone(), self.now(), Arc::clone(&client));
        let used: Used = self
            .parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    use_token(tx, &owner, &used_by.application, &parameters, kind, &presented, new, now, audit).await
                })
            })
            .await?;
        self.response(tenant, application, used?, now)
    }

    fn response(
        &self,
        tenant: &TenantId,
        application: &Application,
        ready: Ready,
        now: Timestamp,
    ) -> Result<TokenResponse, CoreError> {
        let Ready { grant, user, roles, access, refresh_token } = ready;
        let has = |scope: &str| grant.scope.split_ascii_whitespace().any(|word| word == scope);
        let id_token = if has("openid") {
            let ttl = application.custom_client_metadata.id_token_ttl.unwrap_or(ID_TOKEN_TTL);
            let mut claims = claims_of(&user, &roles, &grant.scope, false);
            claims.insert("iss".into(), json!(self.issuer(tenant)));
            claims.insert("aud".into(), json!(application.id));
            claims.insert("iat".into(), json!(now.seconds()));
            claims.insert("exp".into(), json!(now.plus_seconds(ttl).seconds()));
            claims.insert("auth_time".into(), json!(grant.authenticated_at.seconds()));
            claims.insert("sid".into(), json!(grant.session_id));
            if let Some(nonce) = &grant.nonce {
                claims.insert("nonce".into(), json!(nonce));
            }
            Some(self.keys.sign(tenant, None, &Value::Object(claims))?)
        } else {
            None
        };
        let (access_token, scope, expires_in) = match access {
            Access::Opaque(token) => (token, grant.scope, ACCESS_TOKEN_TTL),
            Access::Jwt { indicator, scope, ttl } => {
                let subject = user.id.as_str();
                (self.access_jwt(tenant, subject, application, &indicator, &scope, ttl)?, scope, ttl)
            }
        };
        Ok(TokenResponse { access_token, id_token, refresh_token, token_type: "Bearer", expires_in, scope })
    }

    /// A JWT access token (RFC 9068).
    fn access_jwt(
        &self,
        tenant: &TenantId,
        subject: &str,
        application: &Application,
        audience: &str,
        scope: &str,
        ttl: i64,
    ) -> Result<String, CoreError> {
        let now = self.now();
        let claims = json!({
            "iss": self.issuer(tenant),
            "sub": subject,
            "aud": audience,
            "client_id": application.id,
            "scope": scope,
            "iat": now.seconds(),
            "exp": now.plus_seconds(ttl).seconds(),
            "jti": self.rng().text(21),
        });
        self.keys.sign(tenant, Some("at+jwt"), &claims)
    }

    async fn client_credentials(
        &self,
        tenant: &TenantId,
        application: &Application,
        parameters: TokenParameters,
    ) -> Result<TokenResponse, CoreError> {
        if application.kind != ApplicationType::MachineToMachine {
            let description = "client_credentials is for machine-to-machine applications";
            return Err(OAuthError::new("unauthorized_client", description).into());
        }
        let indicator = parameters.resource.ok_or_else(|| OAuthError::new("invalid_target", "resource is missing"))?;
        let access = self.machine_access(tenant, &application.id, &indicator).await?;
        let access =
            access.ok_or_else(|| OAuthError::new("invalid_target", "resource names no registered API resource"))?;
        let (resource, granted) = &*access;
        let scope = intersect(&parameters.scope.unwrap_or_else(|| granted.join(" ")), granted);
        let ttl = resource.access_token_ttl;
        let subject = application.id.as_str().to_owned();
        let access_token = self.access_jwt(tenant, &subject, application, &indicator, &scope, ttl)?;
        Ok(TokenResponse {
            access_token,
            id_token: None,
            refresh_token: None,
            token_type: "Bearer",
            expires_in: ttl,
            scope,
        })
    }
}

struct NewSecrets {
    access: String,
    refresh: String,
}

#[expect(clippy::too_many_arguments, reason = "one transaction over everything that a token request says")]
async fn use_token(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    application: &Application,
    parameters: &TokenParameters,
    kind: TokenKind,
    presented: &str,
    new: NewSecrets,
    now: Timestamp,
    audit: Event,
) -> Result<Used, CoreError> {
    let used = judge_and_use(tx, tenant, application, parameters, kind, presented, new, now).await?;
    match &used {
        Ok(ready) => audit.user(&ready.grant.user_id).write(tx, tenant).await?,
        Err(error) => audit.failed(error.error).write(tx, tenant).await?,
    }
    Ok(used)
}

#[expect(clippy::too_many_arguments, reason = "one transaction over everything that a token request says")]
async fn judge_and_use(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    application: &Application,
    parameters: &TokenParameters,
    kind: TokenKind,
    presented: &str,
    new: NewSecrets,
    now: Timestamp,
) -> Result<Used, CoreError> {
    let hash = secret::hash(presented);
    let Some((token, grant)) = tokens::find(tx, tenant, kind, &hash).await? else {
        return Ok(Err(invalid_grant("grant request is invalid")));
    };
    // Another client's token says nothing about its owner's conduct, so the owner's grant stays.
    if grant.application_id != application.id {
        return Ok(Err(invalid_grant("the token was issued to another client")));
    }
    if token.consumed_at.is_some() {
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
    let Some(user) = users::find(tx, tenant, &grant.user_id).await?.filter(|user| !user.is_suspended) else {
        tokens::revoke_grant(tx, tenant, &grant.id, now).await?;
        return Ok(Err(invalid_grant("the user does not exist or is suspended")));
    };
    let access = match access_for(tx, tenant, application, parameters, &grant).await? {
        Ok(access) => access,
        Err(error) => return Ok(Err(error)),
    };
    let refresh_token = match kind {
        TokenKind::Code => {
            if !tokens::consume(tx, tenant, &hash, now).await? {
                tokens::revoke_grant(tx, tenant, &grant.id, now).await?;
                return Ok(Err(invalid_grant("the code was used before")));
            }
            let offline = grant.scope.split_ascii_whitespace().any(|word| word == "offline_access");
            if offline { Some(new.refresh) } else { None }
        }
        _ if rotates(application, &token, now) => {
            if !tokens::consume(tx, tenant, &hash, now).await? {
                tokens::revoke_grant(tx, tenant, &grant.id, now).await?;
                return Ok(Err(invalid_grant("the refresh token was used before")));
            }
            Some(new.refresh)
        }
        _ => None,
    };
    if let Some(refresh) = &refresh_token {
        let keeps_end = kind == TokenKind::Refresh && application.kind == ApplicationType::Spa;
        let expires_at = if keeps_end { token.expires_at } else { refresh_end(application, &grant, now) };
        tokens::insert(tx, tenant, &stored(TokenKind::Refresh, refresh, &grant, now, expires_at)).await?;
    }
    let refresh_token = refresh_token.or_else(|| (kind == TokenKind::Refresh).then(|| presented.to_owned()));
    let access = if let Some(jwt) = access {
        jwt
    } else {
        let expires_at = now.plus_seconds(ACCESS_TOKEN_TTL);
        tokens::insert(tx, tenant, &stored(TokenKind::Access, &new.access, &grant, now, expires_at)).await?;
        Access::Opaque(new.access)
    };
    let with_roles = grant.scope.split_ascii_whitespace().any(|word| word == "roles");
    let roles = if with_roles { roles::names_of_user(tx, tenant, &user.id).await? } else { Vec::new() };
    Ok(Ok(Ready { grant, user, roles, access, refresh_token }))
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
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    application: &Application,
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
    let _ = application;
    Ok(Ok(Some(Access::Jwt {
        indicator: indicator.clone(),
        scope: intersect(&asked, &held),
        ttl: resource.access_token_ttl,
    })))
}

/// Public clients rotate each time; others when 70 % of the token's life is over.
fn rotates(application: &Application, token: &StoredToken, now: Timestamp) -> bool {
    if application.custom_client_metadata.rotate_refresh_token == Some(false) {
        return false;
    }
    let life = token.expires_at.0 - token.created_at.0;
    application.kind.is_public() || (now.0 - token.created_at.0) * 10 >= life * 7
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
    }
}
