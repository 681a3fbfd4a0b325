//! Facebook Login.
//!
//! Provider document: <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>

use keyway_connector::{Connector, Manifest, OAuth, OAuthConfig, Profile, StandardOAuth, export_social};
use serde_json::json;

struct Facebook;

impl Connector for Facebook {
    type Config = OAuthConfig;

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

impl OAuth for Facebook {
    fn provider(config: &OAuthConfig) -> StandardOAuth<'_> {
        config
            .provider("email public_profile")
            .authorization_endpoint("https://www.facebook.com/v13.0/dialog/oauth")
            .without_pkce()
            .token_endpoint("https://graph.facebook.com/v13.0/oauth/access_token")
            .user_info_endpoint("https://graph.facebook.com/v13.0/me?fields=id%2Cname%2Cemail%2Cpicture")
            // Facebook does not say whether the address is verified.
            .profile(Profile::new("/id").email("/email").name("/name").avatar("/picture/data/url"))
    }
}

export_social!(Facebook);
