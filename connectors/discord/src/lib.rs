//! Discord, with OAuth 2.0.
//!
//! Provider document: <https://discord.com/developers/docs/topics/oauth2>

use keyway_connector::oauth::{self, Client, ClientAuth};
use keyway_connector::{Callback, Connector, Failure, Manifest, Secret, Social, Start, UserInfo, export_social, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const AUTHORIZE: &str = "https://discord.com/oauth2/authorize";
const TOKEN: &str = "https://discord.com/api/v10/oauth2/token";
const USER_INFO: &str = "https://discord.com/api/v10/users/@me";
const SCOPE: &str = "identify email";

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

struct Discord;

impl Connector for Discord {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("discord-universal", "discord", "Universal", "Discord", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Discord")
            .description("en", "Sign in with Discord.")
            .description("zh-CN", "使用 Discord 账号登录。")
            .host("discord.com")
            .feature("session")
            .readme(include_str!("../README.md"))
            .sample(json!({ "clientId": "<client-id>", "clientSecret": "<client-secret>" }))
    }
}

impl Social for Discord {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        let challenge = oauth::pkce_challenge()?;
        let more = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
        let scope = config.scope.as_deref().unwrap_or(SCOPE);
        Ok(oauth::authorization_uri(AUTHORIZE, &config.client_id, scope, start, &more))
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let client = Client { id: &config.client_id, secret: config.client_secret.expose(), auth: ClientAuth::Post };
        let tokens = oauth::exchange(TOKEN, client, callback, &[])?;
        let token = oauth::token(&tokens, "access_token")?;
        let user = oauth::user_info(http::get(USER_INFO).bearer(token))?;
        let id = oauth::id(&user, "/id")?;
        let avatar =
            oauth::text(&user, "/avatar").map(|hash| format!("https://cdn.discordapp.com/avatars/{id}/{hash}"));
        Ok(UserInfo {
            email: oauth::text(&user, "/email"),
            email_verified: user.get("verified") == Some(&Value::Bool(true)),
            name: oauth::text(&user, "/global_name").or_else(|| oauth::text(&user, "/username")),
            avatar,
            id,
            raw_data: user,
            ..UserInfo::default()
        })
    }
}

export_social!(Discord);
