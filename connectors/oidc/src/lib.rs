//! Any provider that speaks OpenID Connect: the identity is its signed ID token.

use std::collections::BTreeMap;

use keyway_connector::{
    Callback, Connector, Failure, Manifest, Profile, Secret, Social, Start, UserInfo, code, export_social, jwt, oauth,
    session,
};
use oauth_client::{AuthMethod, JwtAlgorithm, StandardClient, parameters};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[expect(clippy::struct_field_names, reason = "the names are Logto's")]
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The application's id at the provider.
    #[schemars(title = "Client ID", length(min = 1))]
    client_id: String,
    /// The application's secret; it is stored sealed and never shown again.
    #[schemars(title = "Client secret")]
    client_secret: Secret,
    /// Scopes to ask for; openid is added when it is missing.
    #[schemars(title = "Scope", length(min = 1))]
    scope: String,
    /// The address that the browser is sent to.
    #[schemars(title = "Authorization endpoint", regex(pattern = "^https://"), extend("x-message" = "an address that begins with https://"))]
    authorization_endpoint: String,
    /// The address that trades codes for tokens.
    #[schemars(title = "Token endpoint", regex(pattern = "^https://"), extend("x-message" = "an address that begins with https://"))]
    token_endpoint: String,
    /// How ID tokens are checked.
    #[schemars(title = "ID token verification")]
    id_token_verification_config: Verification,
    /// Take "true" for true in claims such as email_verified.
    #[serde(default)]
    #[schemars(title = "Accept booleans as texts")]
    accept_string_typed_boolean_claims: bool,
    /// Take an address for verified although the provider does not say whether it is. Only for a provider that lets nobody
    /// enter an address that is not their own.
    #[serde(default)]
    #[schemars(title = "Trust unverified e-mail")]
    trust_unverified_email: bool,
    /// Take ID tokens without a nonce, of providers such as LinkedIn that never send it back. A nonce that is there must be this
    /// sign-in's all the same. Leave it off for every other provider.
    #[serde(default)]
    #[schemars(title = "Accept a missing nonce")]
    accept_missing_nonce: bool,
    /// Parameters of the authentication request (OpenID Connect Core 1.0 section 3.1.2.1).
    #[serde(default)]
    #[schemars(title = "Authentication request", extend("additionalProperties" = { "type": "string" }))]
    auth_request_optional_config: BTreeMap<String, String>,
    /// How the client proves itself at the token endpoint; client_secret_post when absent.
    #[schemars(title = "Client authentication")]
    token_endpoint_auth_method: Option<AuthMethod>,
    /// The algorithm of client_secret_jwt; HS256 when absent.
    #[schemars(title = "Client assertion algorithm")]
    client_secret_jwt_signing_algorithm: Option<JwtAlgorithm>,
    /// Kept for compatibility: always code.
    #[serde(rename = "responseType")]
    #[schemars(title = "Response type", extend("enum" = ["code", null]))]
    _response_type: Option<String>,
    /// Kept for compatibility: always authorization_code.
    #[serde(rename = "grantType")]
    #[schemars(title = "Grant type", extend("enum" = ["authorization_code", null]))]
    _grant_type: Option<String>,
    /// Parameters to add to requests, by name.
    #[serde(default)]
    #[schemars(title = "Custom parameters", extend("additionalProperties" = { "type": "string" }))]
    custom_config: BTreeMap<String, String>,
}

/// How ID tokens are checked; the audience is always the client id.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verification {
    /// Address of the provider's key set.
    #[schemars(title = "Key set", regex(pattern = "^https://"), extend("x-message" = "an address that begins with https://"))]
    jwks_uri: String,
    /// The issuer, or several: the iss of the provider's ID tokens, as its discovery document says.
    #[schemars(title = "Issuer")]
    issuer: Issuer,
    /// Algorithms that are accepted; all with a public key when absent.
    #[schemars(title = "Algorithms")]
    algorithms: Option<Vec<String>>,
    /// Seconds by which the clocks may differ.
    #[schemars(title = "Clock tolerance")]
    clock_tolerance: Option<u16>,
    /// Kept for compatibility: the audience is the client id.
    #[serde(rename = "audience")]
    #[schemars(title = "Audience")]
    _audience: Option<Issuer>,
    /// The subject that alone may sign in.
    #[schemars(title = "Subject")]
    subject: Option<String>,
}

/// One issuer or several.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Issuer {
    /// One.
    One(String),
    /// Several.
    Several(#[schemars(length(min = 1))] Vec<String>),
}

struct Oidc;

impl Connector for Oidc {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("oidc", "oidc", "Universal", "OpenID Connect", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "OpenID Connect")
            .description("en", "Sign in with any provider that speaks OpenID Connect.")
            .description("zh-CN", "使用任意支持 OpenID Connect 的服务商登录。")
            .host("${config.tokenEndpoint}")
            .host("${config.idTokenVerificationConfig.jwksUri}")
            .feature("session")
            .standard()
            .readme(include_str!("../README.md"))
            .sample(json!({"authorizationEndpoint": "https://login.example.com/authorize", "tokenEndpoint": "https://login.example.com/token", "clientId": "client", "clientSecret": "<client-secret>", "scope": "profile email", "idTokenVerificationConfig": {"jwksUri": "https://login.example.com/keys", "issuer": "https://login.example.com"}}))
    }
}

fn client(config: &Config) -> StandardClient<'_> {
    StandardClient {
        id: &config.client_id,
        secret: &config.client_secret,
        method: config.token_endpoint_auth_method,
        algorithm: config.client_secret_jwt_signing_algorithm,
        custom: &config.custom_config,
    }
}

impl Social for Oidc {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        let asked = config.scope.as_str();
        let scope =
            if asked.split(' ').any(|word| word == "openid") { asked.to_owned() } else { format!("openid {asked}") };
        client(config)
            .to_authorize(&config.authorization_endpoint)
            .authorization_parameters([("nonce", oauth::nonce()?)])
            .authorization_parameters(parameters(&config.custom_config))
            .authorization_parameters(parameters(&config.auth_request_optional_config))
            .scope(scope)
            .authorization_uri(start)
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let tokens = client(config).to_exchange(&config.token_endpoint).exchange(callback)?;
        let token = oauth::token(&tokens, "id_token")?;
        let refused = |what: &str| Failure::new(code::SOCIAL_INVALID_ID_TOKEN, what);
        let nonce = session::get("nonce").ok_or_else(|| refused("This sign-in was not started here."))?;
        let rule = &config.id_token_verification_config;
        let issuers: Vec<&str> = match &rule.issuer {
            Issuer::One(issuer) => vec![issuer],
            Issuer::Several(issuers) => issuers.iter().map(String::as_str).collect(),
        };
        let claims = jwt::verify(
            token,
            &jwt::Rules {
                jwks_uri: &rule.jwks_uri,
                issuers: &issuers,
                audience: &config.client_id,
                nonce: (!config.accept_missing_nonce).then_some(&nonce),
                algorithms: rule.algorithms.as_deref().unwrap_or_default(),
                clock_tolerance_seconds: rule.clock_tolerance.unwrap_or(0),
            },
        )?;
        let claims = Value::Object(claims);
        if claims.get("nonce").is_some_and(|given| given.as_str() != Some(&nonce)) {
            return Err(refused("The token's nonce is not the expected one."));
        }
        if rule.subject.is_some() && oauth::text(&claims, "/sub") != rule.subject {
            return Err(refused("The token's subject is not the expected one."));
        }
        let says = |name: &str| match claims.get(name) {
            Some(Value::Bool(value)) => Some(*value),
            Some(Value::String(text)) if config.accept_string_typed_boolean_claims => {
                Some(text == "true" || text == "1")
            }
            _ => None,
        };
        let email_counts =
            says("email_verified").unwrap_or(config.trust_unverified_email && claims.get("email_verified").is_none());
        let profile = Profile::new("/sub").email("/email").phone("/phone").name("/name").avatar("/picture");
        Ok(UserInfo {
            issuer: oauth::text(&claims, "/iss"),
            email_verified: email_counts,
            phone_verified: says("phone_verified") == Some(true),
            ..profile.read(claims)?
        })
    }
}

export_social!(Oidc);
