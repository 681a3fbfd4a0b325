//! WeChat, by QR code in a browser.
//!
//! Provider document: <https://developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Wechat_Login.html>

use keyway_connector::{Callback, Connector, Failure, Manifest, Secret, Social, Start, UserInfo, export_social, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// The form's own fields in Simplified Chinese.
const CHINESE: [(&str, &str); 2] = [
    ("Scope", "授权范围"),
    ("Scopes to ask for in place of the usual ones, separated by spaces.", "替代默认值的授权范围，以空格分隔。"),
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
    /// Scopes to ask for in place of the usual ones, separated by spaces.
    #[schemars(title = "Scope")]
    scope: Option<String>,
}

struct WeChatWeb;

impl Connector for WeChatWeb {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("wechat-web", "wechat", "Web", "WeChat", env!("CARGO_PKG_VERSION"))
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

impl Social for WeChatWeb {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        let pairs = [
            ("appid", config.app_id.as_str()),
            ("redirect_uri", &start.redirect_uri),
            ("response_type", "code"),
            ("scope", start.scope.as_deref().or(config.scope.as_deref()).unwrap_or("snsapi_login")),
            ("state", &start.state),
        ];
        Ok(http::with_query("https://open.weixin.qq.com/connect/qrconnect", pairs))
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        wechat::user_info(&config.app_id, config.app_secret.expose(), callback)
    }
}

export_social!(WeChatWeb);
