//! GitHub, with OAuth 2.0.
//!
//! Provider document: <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>

use keyway_connector::{
    Connector, Failure, Manifest, OAuth, OAuthConfig, Profile, StandardOAuth, UserInfo, export_social, http, oauth,
};
use serde_json::{Map, Value, json};

struct GitHub;

impl Connector for GitHub {
    type Config = OAuthConfig;

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

impl OAuth for GitHub {
    fn provider(config: &OAuthConfig) -> StandardOAuth<'_> {
        config
            .provider("read:user user:email")
            .authorization_endpoint("https://github.com/login/oauth/authorize")
            .token_endpoint("https://github.com/login/oauth/access_token")
            .user_info_endpoint("https://api.github.com/user")
            .profile(Profile::new("/id").email("/email").name("/name").name("/login").avatar("/avatar_url"))
    }

    fn complete(_: &OAuthConfig, tokens: &Map<String, Value>, mut user: UserInfo) -> Result<UserInfo, Failure> {
        // The profile's public address may be unverified; the list says which are not.
        let verified = verified_email(oauth::token(tokens, "access_token")?).unwrap_or_default();
        user.email_verified = verified.is_some();
        user.email = verified.or(user.email);
        Ok(user)
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
