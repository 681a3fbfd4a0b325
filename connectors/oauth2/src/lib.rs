//! Any provider that speaks OAuth 2.0 and tells of its users at an address.

use std::collections::BTreeMap;

use keyway_connector::{
    Callback, Connector, Failure, Manifest, Profile, Secret, Social, Start, UserInfo, code, export_social,
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
    /// Scopes to ask for in place of the usual ones, separated by spaces.
    #[schemars(title = "Scope")]
    scope: Option<String>,
    /// The address that the browser is sent to.
    #[schemars(title = "Authorization endpoint", regex(pattern = "^https://"), extend("x-message" = "an address that begins with https://"))]
    authorization_endpoint: String,
    /// The address that trades codes for tokens.
    #[schemars(title = "Token endpoint", regex(pattern = "^https://"), extend("x-message" = "an address that begins with https://"))]
    token_endpoint: String,
    /// The address that tells of the user.
    #[schemars(title = "User info endpoint", regex(pattern = "^https://"), extend("x-message" = "an address that begins with https://"))]
    user_info_endpoint: String,
    /// How the token endpoint answers; either is understood.
    #[serde(rename = "tokenEndpointResponseType")]
    #[schemars(title = "Token response type", extend("enum" = ["query-string", "json", null]))]
    _token_endpoint_response_type: Option<String>,
    /// Where in the user information each field stands, as a dotted path: id, email, phone, name, avatar.
    #[serde(default)]
    #[schemars(title = "Profile map", extend("additionalProperties" = { "type": "string" }))]
    profile_map: BTreeMap<String, String>,
    /// Take the provider's e-mail addresses for verified. Only for a provider that lets nobody enter an address that is not
    /// their own: otherwise whoever enters another person's address there can sign in here as that person.
    #[serde(default)]
    #[schemars(title = "Trust unverified e-mail")]
    trust_unverified_email: bool,
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

struct OAuth2;

impl Connector for OAuth2 {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("oauth2", "oauth2", "Universal", "OAuth 2.0", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "OAuth 2.0")
            .description("en", "Sign in with any provider that speaks OAuth 2.0.")
            .description("zh-CN", "使用任意支持 OAuth 2.0 的服务商登录。")
            .host("${config.tokenEndpoint}")
            .host("${config.userInfoEndpoint}")
            .feature("session")
            .standard()
            .readme(include_str!("../README.md"))
            .sample(json!({"authorizationEndpoint": "https://login.example.com/authorize", "tokenEndpoint": "https://login.example.com/token", "userInfoEndpoint": "https://api.example.com/me", "clientId": "client", "clientSecret": "<client-secret>"}))
    }

    fn validate(config: &Config) -> Result<(), Failure> {
        let known = ["id", "email", "phone", "name", "avatar"];
        match config.profile_map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let message = format!("profileMap.{name} is not one of id, email, phone, name, avatar.");
                Err(Failure::new(code::INVALID_CONFIG, message))
            }
            None => Ok(()),
        }
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

/// Where the configuration says that each field stands; under its own name where it says nothing.
fn profile(config: &Config) -> Profile<'_> {
    let pointer = |name: &str| {
        let path = config.profile_map.get(name).map_or(name, String::as_str);
        format!("/{}", path.replace('.', "/"))
    };
    Profile::new(pointer("id"))
        .email(pointer("email"))
        .phone(pointer("phone"))
        .name(pointer("name"))
        .avatar(pointer("avatar"))
}

impl Social for OAuth2 {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        client(config)
            .to_authorize(&config.authorization_endpoint)
            .authorization_parameters(parameters(&config.custom_config))
            .scope(config.scope.as_deref().unwrap_or_default())
            .authorization_uri(start)
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let provider = client(config).to_exchange(&config.token_endpoint);
        let provider = provider.user_info_endpoint(&config.user_info_endpoint).profile(profile(config));
        let user = provider.user_info(&provider.exchange(callback)?)?;
        Ok(UserInfo {
            issuer: Some(origin(&config.user_info_endpoint)),
            email_verified: config.trust_unverified_email && !says_no(&user.raw_data),
            ..user
        })
    }
}

/// Scheme and host of the address that tells of the users: who runs it decides what their ids mean.
fn origin(address: &str) -> String {
    address.split('/').take(3).collect::<Vec<_>>().join("/").to_ascii_lowercase()
}

/// Whether the provider itself says, in the claim of OpenID Connect, that the address is not verified.
fn says_no(user: &Value) -> bool {
    match user.get("email_verified") {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => text != "true",
        Some(value) => value != &Value::Bool(true),
    }
}

export_social!(OAuth2);
