//! GitHub, with OAuth 2.0.
//!
//! Provider document: <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>

use keyway_connector::oauth::{self, Client, ClientAuth};
use keyway_connector::{Callback, Connector, Failure, Manifest, Secret, Social, Start, UserInfo, export_social, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const AUTHORIZE: &str = "https://github.com/login/oauth/authorize";
const TOKEN: &str = "https://github.com/login/oauth/access_token";
const USER_INFO: &str = "https://api.github.com/user";
const SCOPE: &str = "read:user user:email";

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

struct GitHub;

impl Connector for GitHub {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("github-universal", "github", "Universal", "GitHub", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "GitHub")
            .description("en", "Sign in with GitHub.")
            .description("zh-CN", "使用 GitHub 账号登录。")
            .host("github.com")
            .host("api.github.com")
            .feature("session")
            .readme(include_str!("../README.md"))
            .sample(json!({ "clientId": "<client-id>", "clientSecret": "<client-secret>" }))
    }
}

impl Social for GitHub {
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
        // The profile's public address may be unverified; the list says which are not.
        let verified = verified_email(token).unwrap_or_default();
        Ok(UserInfo {
            id: oauth::id(&user, "/id")?,
            email_verified: verified.is_some(),
            email: verified.or_else(|| oauth::text(&user, "/email")),
            name: oauth::text(&user, "/name").or_else(|| oauth::text(&user, "/login")),
            avatar: oauth::text(&user, "/avatar_url"),
            raw_data: user,
            ..UserInfo::default()
        })
    }
}

/// The primary address, if it is verified.
fn verified_email(token: &str) -> Result<Option<String>, Failure> {
    let all = oauth::user_info(http::get("https://api.github.com/user/emails").bearer(token))?;
    let is = |address: &&Value, name: &str| address.get(name) == Some(&Value::Bool(true));
    let mut primary = all.as_array().into_iter().flatten().filter(|one| is(one, "primary") && is(one, "verified"));
    Ok(primary.next().and_then(|address| oauth::text(address, "/email")))
}

export_social!(GitHub);
