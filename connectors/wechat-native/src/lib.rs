//! WeChat, in an application for a phone.
//!
//! Provider document: <https://developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Wechat_Login.html>

use keyway_connector::{Callback, Connector, Failure, Manifest, Secret, Social, Start, UserInfo, export_social, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// The form's own fields in Simplified Chinese.
const CHINESE: [(&str, &str); 2] = [
    ("Universal links", "Universal Links"),
    ("The application's universal links, for iOS.", "应用的 Universal Links，用于 iOS。"),
];

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The application's id at the provider.
    #[schemars(title = "App ID", length(min = 1))]
    app_id: String,
    /// The application's secret; it is stored sealed and never shown again.
    #[schemars(title = "App secret")]
    app_secret: Secret,
    /// The application's universal links, for iOS.
    #[serde(rename = "universalLinks")]
    #[schemars(title = "Universal links")]
    _universal_links: Option<String>,
}

struct WeChatNative;

impl Connector for WeChatNative {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("wechat-native", "wechat", "Native", "WeChat", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "微信")
            .description("en", "Sign in with WeChat.")
            .description("zh-CN", "使用 微信 账号登录。")
            .translations("zh-CN", &wechat::CHINESE)
            .translations("zh-CN", &CHINESE)
            .readme_in("zh-CN", include_str!("../README.zh-CN.md"))
            .host("api.weixin.qq.com")
            .readme(include_str!("../README.md"))
            .sample(json!({ "appId": "wx0123456789abcdef", "appSecret": "<app-secret>" }))
    }
}

impl Social for WeChatNative {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        Ok(http::with_query("wechat://", [("app_id", config.app_id.as_str()), ("state", &start.state)]))
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        wechat::user_info(&config.app_id, config.app_secret.expose(), callback)
    }
}

export_social!(WeChatNative);
