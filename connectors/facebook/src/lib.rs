//! Facebook Login.
//!
//! Provider document: <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>

use keyway_connector::oauth::{self, Client, ClientAuth};
use keyway_connector::{Callback, Connector, Failure, Manifest, Secret, Social, Start, UserInfo, export_social, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

const AUTHORIZE: &str = "https://www.facebook.com/v13.0/dialog/oauth";
const TOKEN: &str = "https://graph.facebook.com/v13.0/oauth/access_token";
const USER_INFO: &str = "https://graph.facebook.com/v13.0/me";
const SCOPE: &str = "email public_profile";

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
    /// Scopes to ask for in place of the usual ones, separated by spaces.
    #[schemars(title = "Scope")]
    scope: Option<String>,
}

struct Facebook;

impl Connector for Facebook {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("facebook-universal", "facebook", "Universal", "Facebook", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Facebook")
            .description("en", "Sign in with Facebook.")
            .description("zh-CN", "使用 Facebook 账号登录。")
            .host("graph.facebook.com")
            .feature("session")
            .readme(include_str!("../README.md"))
            .sample(json!({ "clientId": "<client-id>", "clientSecret": "<client-secret>" }))
    }
}

impl Social for Facebook {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        let scope = config.scope.as_deref().unwrap_or(SCOPE);
        Ok(oauth::authorization_uri(AUTHORIZE, &config.client_id, scope, start, &[]))
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let client = Client { id: &config.client_id, secret: config.client_secret.expose(), auth: ClientAuth::Post };
        let tokens = oauth::exchange(TOKEN, client, callback, &[])?;
        let token = oauth::token(&tokens, "access_token")?;
        let user = oauth::user_info(http::get(USER_INFO).query([("fields", "id,name,email,picture")]).bearer(token))?;
        Ok(UserInfo {
            id: oauth::id(&user, "/id")?,
            // Facebook does not say whether the address is verified.
            email: oauth::text(&user, "/email"),
            name: oauth::text(&user, "/name"),
            avatar: oauth::text(&user, "/picture/data/url"),
            raw_data: user,
            ..UserInfo::default()
        })
    }
}

export_social!(Facebook);
