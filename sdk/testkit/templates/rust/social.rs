//! Signs in with Example.

use keyway_connector::{Connector, Manifest, OAuth, OAuthConfig, Profile, StandardOAuth, export_social};
use serde_json::json;

struct Example;

impl Connector for Example {
    /// The form asks for client id, client secret and scope. For more fields make a type of your own.
    type Config = OAuthConfig;

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

impl OAuth for Example {
    fn provider(config: &OAuthConfig) -> StandardOAuth<'_> {
        config
            .provider("profile email")
            .authorization_endpoint("https://example.com/authorize")
            .token_endpoint("https://api.example.com/token")
            .user_info_endpoint("https://api.example.com/me")
            // Say email_verified only if your provider defines that flag: an address that is called verified joins accounts.
            .profile(Profile::new("/id").email("/email").email_verified("/email_verified").name("/name").avatar("/picture"))
    }
}

export_social!(Example);
