//! Microsoft Entra ID (Azure AD), with OpenID Connect.
//!
//! Provider document: <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow>

use keyway_connector::jwt::{self, Rules};
use keyway_connector::{
    Connector, Failure, Manifest, OAuth, Profile, Secret, StandardOAuth, UserInfo, export_social, oauth,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const SCOPE: &str = "User.Read";
const OPENID: [&str; 3] = ["openid", "email", "profile"];

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The application's id at the provider.
    #[schemars(title = "Client ID", length(min = 1))]
    client_id: String,
    /// The application's secret; it is stored sealed and never shown again.
    #[schemars(title = "Client secret")]
    client_secret: Secret,
    /// Scopes to ask for beside User.Read. With openid and email, and the optional claims email and xms_edov of the registered
    /// application, verified addresses are known as such.
    #[schemars(title = "Scopes")]
    scopes: Option<Vec<String>>,
    /// The sign-in service: https://login.microsoftonline.com, or that of a national cloud.
    #[schemars(title = "Cloud instance", regex(pattern = "^https://"), extend("x-message" = "an address such as https://login.microsoftonline.com"))]
    cloud_instance: String,
    /// The directory's id, or common, organizations or consumers.
    #[schemars(title = "Tenant id", regex(pattern = "^[A-Za-z0-9.-]+$"), extend("x-message" = "a directory id, common, organizations or consumers"))]
    tenant_id: String,
    /// What Microsoft asks the user each time: none, login, consent or select_account.
    #[serde(default)]
    #[schemars(title = "Prompts", extend("items" = { "type": "string", "enum": ["none", "login", "consent", "select_account"] }))]
    prompts: Vec<String>,
}

struct AzureAd;

impl Connector for AzureAd {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("azuread-universal", "azuread", "Universal", "Microsoft", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Microsoft")
            .description("en", "Sign in with Microsoft.")
            .description("zh-CN", "使用 Microsoft 账号登录。")
            .host("${config.cloudInstance}")
            .host("graph.microsoft.com")
            .feature("session")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "clientId": "<client-id>",
                "clientSecret": "<client-secret>",
                "cloudInstance": "https://login.microsoftonline.com",
                "tenantId": "common",
            }))
    }
}

fn endpoint(config: &Config, name: &str) -> String {
    format!("{}/{}/oauth2/v2.0/{name}", config.cloud_instance.trim_end_matches('/'), config.tenant_id)
}

fn scope(config: &Config) -> String {
    let more = config.scopes.iter().flatten().map(String::as_str).filter(|scope| *scope != SCOPE);
    [SCOPE].into_iter().chain(more).collect::<Vec<_>>().join(" ")
}

/// The scopes of the exchange: those of one resource, beside those of OpenID Connect.
fn exchange_scope(config: &Config) -> String {
    let more = config.scopes.iter().flatten().map(String::as_str).filter(|scope| OPENID.contains(scope));
    [SCOPE].into_iter().chain(more).collect::<Vec<_>>().join(" ")
}

/// The address of an ID token whose domain belongs to the user's directory, as `xms_edov` says.
fn verified_email(config: &Config, token: &str) -> Result<Option<String>, Failure> {
    let keys = format!("{}/{}/discovery/v2.0/keys", config.cloud_instance.trim_end_matches('/'), config.tenant_id);
    // The issuer is any directory that the tenant id admits; their keys are those of this one address.
    let rules = Rules { jwks_uri: &keys, audience: &config.client_id, ..Rules::default() };
    let claims = Value::Object(jwt::verify(token, &rules)?);
    let is_owned = match claims.get("xms_edov") {
        Some(Value::Bool(owned)) => *owned,
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        Some(Value::String(text)) => text == "1" || text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    Ok(if is_owned { oauth::text(&claims, "/email") } else { None })
}

impl OAuth for AzureAd {
    fn provider(config: &Config) -> StandardOAuth<'_> {
        StandardOAuth::new(&config.client_id, &config.client_secret)
            .scope(scope(config))
            .authorization_endpoint(endpoint(config, "authorize"))
            .authorization_parameters((!config.prompts.is_empty()).then(|| ("prompt", config.prompts.join(" "))))
            .token_endpoint(endpoint(config, "token"))
            .token_parameters([("scope", exchange_scope(config))])
            .user_info_endpoint("https://graph.microsoft.com/v1.0/me")
            // Any directory's administrator sets `mail` freely, to an address of somebody else's domain as well.
            .profile(Profile::new("/id").email("/mail").name("/displayName"))
    }

    fn complete(config: &Config, tokens: &Map<String, Value>, mut user: UserInfo) -> Result<UserInfo, Failure> {
        if let Some(token) = tokens.get("id_token").and_then(Value::as_str)
            && let Some(email) = verified_email(config, token)?
        {
            (user.email, user.email_verified) = (Some(email), true);
        }
        Ok(user)
    }
}

export_social!(AzureAd);
