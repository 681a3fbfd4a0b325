//! Signs in with Example.

use keyway_connector::oauth::{self, Client, ClientAuth};
use keyway_connector::{Callback, Connector, Failure, Manifest, Secret, Social, Start, UserInfo, export_social, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The client's id from the provider's console.
    #[schemars(title = "Client ID", length(min = 1))]
    client_id: String,
    /// The client's secret; it is stored sealed and never shown again.
    #[schemars(title = "Client secret")]
    client_secret: Secret,
}

struct Example;

impl Connector for Example {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("{{name}}", "{{name}}", "Universal", "Example", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "示例")
            .description("en", "Sign in with Example.")
            .description("zh-CN", "使用示例账号登录。")
            .host("api.example.com")
            .feature("session")
            .readme(include_str!("../README.md"))
            .sample(json!({ "clientId": "<client-id>", "clientSecret": "<client-secret>" }))
    }
}

impl Social for Example {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        let challenge = oauth::pkce_challenge()?;
        let more = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
        Ok(oauth::authorization_uri("https://example.com/authorize", &config.client_id, "profile email", start, &more))
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let client = Client { id: &config.client_id, secret: config.client_secret.expose(), auth: ClientAuth::Post };
        let tokens = oauth::exchange("https://api.example.com/token", client, callback, &[])?;
        let user = oauth::user_info(http::get("https://api.example.com/me").bearer(oauth::token(&tokens, "access_token")?))?;
        Ok(UserInfo {
            id: oauth::id(&user, "/id")?,
            email: oauth::text(&user, "/email"),
            email_verified: user["email_verified"] == true,
            name: oauth::text(&user, "/name"),
            avatar: oauth::text(&user, "/picture"),
            raw_data: user,
            ..UserInfo::default()
        })
    }
}

export_social!(Example);
