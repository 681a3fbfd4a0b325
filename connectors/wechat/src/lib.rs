//! What WeChat's connectors share: from a callback's code to an identity, and the form's fields in Chinese.
//!
//! Provider document: <https://developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Wechat_Login.html>

use keyway_connector::{Callback, Failure, UserInfo, code, http, oauth};
use serde_json::{Value, json};

/// Id and secret of the application, as both forms ask for them, in Simplified Chinese.
pub const CHINESE: [(&str, &str); 4] = [
    ("App ID", "AppID"),
    ("The application's id at the provider.", "应用在微信开放平台的 AppID。"),
    ("App secret", "AppSecret"),
    (
        "The application's secret; it is stored sealed and never shown again.",
        "应用的 AppSecret，加密保存，不会再次显示。",
    ),
];

/// The identity behind a callback, for the application with this id and secret.
pub fn user_info(app_id: &str, secret: &str, callback: &Callback) -> Result<UserInfo, Failure> {
    let query =
        [("appid", app_id), ("secret", secret), ("code", callback.code()?), ("grant_type", "authorization_code")];
    let tokens = asked("https://api.weixin.qq.com/sns/oauth2/access_token", &query)?;
    let open_id = oauth::id(&tokens, "/openid")?;
    let token = oauth::text(&tokens, "/access_token")
        .ok_or_else(|| Failure::new(code::INVALID_RESPONSE, "WeChat gave no access token."))?;
    let query = [("access_token", token.as_str()), ("openid", &open_id)];
    let user = asked("https://api.weixin.qq.com/sns/userinfo", &query)?;
    // The union id is the same in every application of one developer, the open id in this one alone.
    Ok(UserInfo {
        id: oauth::text(&user, "/unionid").unwrap_or(open_id),
        name: oauth::text(&user, "/nickname"),
        avatar: oauth::text(&user, "/headimgurl"),
        raw_data: user,
        ..UserInfo::default()
    })
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
