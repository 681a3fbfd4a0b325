//! `/oidc/token`: authorization code, refresh token, client credentials.

use std::sync::Arc;

use keyway_model::application::{Application, ApplicationType};
use keyway_model::oauth::{ACCESS_TOKEN_TTL, ID_TOKEN_TTL, OAuthError, TokenKind};
use keyway_model::resource::intersect;
use serde::Serialize;
use serde_json::{Value, json};

use super::ClientCredentials;
use super::client::authenticate_client;
use super::exchange::{Access, Exchange, NewSecrets, TokenGrant};
use super::userinfo::{claims_of, has_scope};
use crate::configuration::Client;
use crate::signing_keys::Keys;
use crate::{CoreError, Cx, secret};

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

/// What a JWT access token says.
struct AccessToken<'a> {
    subject: &'a str,
    audience: &'a str,
    scope: &'a str,
    /// Seconds.
    ttl: i64,
}

/// Answers a token request.
#[tracing::instrument(name = "oauth.token", skip_all)]
pub async fn token(
    cx: &Cx,
    client: &ClientCredentials,
    parameters: TokenParameters,
) -> Result<TokenResponse, CoreError> {
    let client = authenticate_client(cx, client).await?;
    match parameters.grant_type.as_str() {
        "authorization_code" => exchange(cx, client, parameters, TokenKind::Code).await,
        "refresh_token" => exchange(cx, client, parameters, TokenKind::Refresh).await,
        "client_credentials" => client_credentials(cx, &client.application, parameters).await,
        _ => {
            let description = "grant_type must be authorization_code, refresh_token or client_credentials";
            Err(OAuthError::new("unsupported_grant_type", description).into())
        }
    }
}

async fn exchange(
    cx: &Cx,
    client: Arc<Client>,
    parameters: TokenParameters,
    kind: TokenKind,
) -> Result<TokenResponse, CoreError> {
    let application = &client.application;
    if application.kind == ApplicationType::MachineToMachine {
        return Err(OAuthError::new("unauthorized_client", "a machine-to-machine application has no users").into());
    }
    let presented = match kind {
        TokenKind::Code => parameters.code.clone(),
        _ => parameters.refresh_token.clone(),
    };
    let presented = presented.ok_or_else(|| OAuthError::new("invalid_request", "code or refresh_token is missing"))?;
    let exchange = Exchange {
        client: Arc::clone(&client),
        parameters,
        kind,
        presented,
        new: NewSecrets { access: secret::generate(cx.core().rng()), refresh: secret::generate(cx.core().rng()) },
    };
    let used = cx.write(async move |tx| exchange.run(cx, tx).await);
    let used = used.await?;
    let keys = cx.core().keys(&cx.tenant).await?;
    response(cx, application, used?, &keys)
}

fn response(cx: &Cx, application: &Application, ready: TokenGrant, keys: &Keys) -> Result<TokenResponse, CoreError> {
    let TokenGrant { grant, user, roles, access, refresh_token } = ready;
    let has = |scope: &str| has_scope(&grant.scope, scope);
    let id_token = if has("openid") {
        let ttl = application.custom_client_metadata.id_token_ttl.unwrap_or(ID_TOKEN_TTL);
        let mut claims = claims_of(&user, &roles, &grant.scope, false);
        claims.insert("iss".into(), json!(cx.core().issuer(&cx.tenant)));
        claims.insert("aud".into(), json!(application.id));
        claims.insert("iat".into(), json!(cx.now.seconds()));
        claims.insert("exp".into(), json!(cx.now.plus_seconds(ttl).seconds()));
        claims.insert("auth_time".into(), json!(grant.authenticated_at.seconds()));
        claims.insert("sid".into(), json!(grant.session_id));
        if let Some(nonce) = &grant.nonce {
            claims.insert("nonce".into(), json!(nonce));
        }
        Some(keys.sign(None, &Value::Object(claims), cx.now)?)
    } else {
        None
    };
    let (access_token, scope, expires_in) = match access {
        Access::Opaque(token) => (token, grant.scope, ACCESS_TOKEN_TTL),
        Access::Jwt { indicator, scope, ttl } => {
            let token = AccessToken { subject: user.id.as_str(), audience: &indicator, scope: &scope, ttl };
            (access_jwt(cx, application, &token, keys)?, scope, ttl)
        }
    };
    Ok(TokenResponse { access_token, id_token, refresh_token, token_type: "Bearer", expires_in, scope })
}

/// A JWT access token (RFC 9068).
fn access_jwt(cx: &Cx, application: &Application, token: &AccessToken<'_>, keys: &Keys) -> Result<String, CoreError> {
    let claims = json!({
        "iss": cx.core().issuer(&cx.tenant),
        "sub": token.subject,
        "aud": token.audience,
        "client_id": application.id,
        "scope": token.scope,
        "iat": cx.now.seconds(),
        "exp": cx.now.plus_seconds(token.ttl).seconds(),
        "jti": cx.core().rng().text(21),
    });
    keys.sign(Some("at+jwt"), &claims, cx.now)
}

async fn client_credentials(
    cx: &Cx,
    application: &Application,
    parameters: TokenParameters,
) -> Result<TokenResponse, CoreError> {
    if application.kind != ApplicationType::MachineToMachine {
        let description = "client_credentials is for machine-to-machine applications";
        return Err(OAuthError::new("unauthorized_client", description).into());
    }
    let indicator = if let Some(indicator) = parameters.resource {
        indicator
    } else {
        let indicators = cx.core().resource_indicators(&cx.tenant).await?;
        indicators.default.clone().ok_or_else(|| OAuthError::new("invalid_target", "resource is missing"))?
    };
    let access = cx.core().machine_access(&cx.tenant, &application.id, &indicator).await?;
    let access =
        access.ok_or_else(|| OAuthError::new("invalid_target", "resource names no registered API resource"))?;
    let (resource, granted) = &*access;
    let scope = intersect(&parameters.scope.unwrap_or_else(|| granted.join(" ")), granted);
    let ttl = resource.access_token_ttl;
    let token = AccessToken { subject: application.id.as_str(), audience: &indicator, scope: &scope, ttl };
    let keys = cx.core().keys(&cx.tenant).await?;
    let access_token = access_jwt(cx, application, &token, &keys)?;
    Ok(TokenResponse {
        access_token,
        id_token: None,
        refresh_token: None,
        token_type: "Bearer",
        expires_in: ttl,
        scope,
    })
}
