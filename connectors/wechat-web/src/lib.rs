//! WeChat, by QR code in a browser.
//!
//! Provider document: <https://developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Wechat_Login.html>

use keyway_connector::{
    Callback, Connector, Failure, Manifest, Secret, Social, Start, UserInfo, code, export_social, http, oauth,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

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
            .host("api.weixin.qq.com")
            .readme(include_str!("../README.md"))
            .sample(json!({ "appId": "wx0123456789abcdef", "appSecret": "<app-secret>" }))
    }
}

/// WeChat's answer, or the failure that its errcode means: it answers 200 whatever happens.
fn asked(url: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
    let answer: Value = http::get(url).query(query.iter().copied()).send()?.success("/errmsg")?;
    let failed = answer.get("errcode").and_then(Value::as_i64).unwrap_or(0);
    if failed == 0 {
        return Ok(answer);
    }
    let kind = match failed {
        40029 | 40163 | 42003 => code::SOCIAL_AUTH_CODE_INVALID,
        40001 | 40014 => code::SOCIAL_INVALID_ACCESS_TOKEN,
        _ => code::GENERAL,
    };
    let words = answer.get("errmsg").and_then(Value::as_str).unwrap_or("WeChat refused the request.");
    Err(Failure::new(kind, words).with_data(json!({ "errcode": failed })))
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
        let query = [
            ("appid", config.app_id.as_str()),
            ("secret", config.app_secret.expose()),
            ("code", callback.code()?),
            ("grant_type", "authorization_code"),
        ];
        let tokens = asked("https://api.weixin.qq.com/sns/oauth2/access_token", &query)?;
        let open_id = oauth::id(&tokens, "/openid")?;
        let token = oauth::text(&tokens, "/access_token")
            .ok_or_else(|| Failure::new(code::INVALID_RESPONSE, "WeChat gave no access token."))?;
        let query = [("access_token", token.as_str()), ("openid", &open_id)];
        let user = asked("https://api.weixin.qq.com/sns/userinfo", &query)?;
        // The union id is the same in every application of one developer, the open id in this one alone.
        Ok(UserInfo {
            id: oauth::text(&user, "/unionid").unwrap_or(open_id),
            email: None,
            phone: None,
            name: oauth::text(&user, "/nickname"),
            avatar: oauth::text(&user, "/headimgurl"),
            raw_data: user,
        })
    }
}

export_social!(WeChatWeb);
