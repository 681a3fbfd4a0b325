//! Discord, with OAuth 2.0.
//!
//! Provider document: <https://discord.com/developers/docs/topics/oauth2>

use keyway_connector::{
    Connector, Failure, Manifest, OAuth, OAuthConfig, Profile, StandardOAuth, UserInfo, export_social,
};
use serde_json::{Map, Value, json};

struct Discord;

impl Connector for Discord {
    type Config = OAuthConfig;

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

impl OAuth for Discord {
    fn provider(config: &OAuthConfig) -> StandardOAuth<'_> {
        let profile = Profile::new("/id").email("/email").email_verified("/verified").avatar("/avatar");
        config
            .provider("identify email")
            .authorization_endpoint("https://discord.com/oauth2/authorize")
            .token_endpoint("https://discord.com/api/v10/oauth2/token")
            .user_info_endpoint("https://discord.com/api/v10/users/@me")
            .profile(profile.name("/global_name").name("/username"))
    }

    fn complete(_: &OAuthConfig, _: &Map<String, Value>, mut user: UserInfo) -> Result<UserInfo, Failure> {
        user.avatar = user.avatar.map(|hash| format!("https://cdn.discordapp.com/avatars/{}/{hash}", user.id));
        Ok(user)
    }
}

export_social!(Discord);
