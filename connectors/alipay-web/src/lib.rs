//! Alipay, in a browser. Requests are signed with RSA2; the private key stays in the server.
//!
//! Provider document: <https://opendocs.alipay.com/open/263/105809>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyway_connector::{
    Callback, Connector, Failure, HostKey, Manifest, Social, Start, UserInfo, code, export_social, http, now_ms, oauth,
    time,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const GATEWAY: &str = "https://openapi.alipay.com/gateway.do";
/// Alipay reads time stamps as those of China.
const CHINA_MS: u64 = 8 * 60 * 60 * 1000;

/// The signature's algorithm.
#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
enum SignType {
    #[serde(rename = "RSA2")]
    Rsa2,
}

/// The encoding of requests.
#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
enum Charset {
    #[serde(rename = "utf8")]
    Utf8,
}

/// The form in Simplified Chinese.
const CHINESE: [(&str, &str); 10] = [
    ("App ID", "AppID"),
    ("The application's id, 16 digits at most.", "应用的 AppID，最多 16 位数字。"),
    ("Private key", "应用私钥"),
    (
        "The application's private key, PKCS #1 or PKCS #8; it never leaves the server.",
        "应用私钥，PKCS #1 或 PKCS #8 格式，不会离开服务器。",
    ),
    ("Sign type", "签名类型"),
    (
        "RSA2. The older RSA with SHA-1 is not offered: Alipay advises against it.",
        "RSA2。不提供使用 SHA-1 的旧版 RSA，支付宝也不建议使用。",
    ),
    ("Charset", "字符集"),
    ("utf8.", "utf8。"),
    ("Scope", "授权范围"),
    ("Scopes to ask for in place of auth_user.", "替代 auth_user 的授权范围。"),
];

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The application's id, 16 digits at most.
    #[schemars(title = "App ID", length(min = 1, max = 16))]
    app_id: String,
    /// The application's private key, PKCS #1 or PKCS #8; it never leaves the server.
    #[schemars(title = "Private key")]
    private_key: HostKey,
    /// RSA2. The older RSA with SHA-1 is not offered: Alipay advises against it.
    #[serde(rename = "signType")]
    #[schemars(title = "Sign type")]
    _sign_type: Option<SignType>,
    /// utf8.
    #[serde(rename = "charset")]
    #[schemars(title = "Charset")]
    _charset: Option<Charset>,
    /// Scopes to ask for in place of auth_user.
    #[schemars(title = "Scope")]
    scope: Option<String>,
}

struct AlipayWeb;

impl Connector for AlipayWeb {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("alipay-web", "alipay", "Web", "Alipay", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "支付宝")
            .description("en", "Sign in with Alipay.")
            .description("zh-CN", "使用 支付宝 账号登录。")
            .translations("zh-CN", &CHINESE)
            .readme_in("zh-CN", include_str!("../README.zh-CN.md"))
            .host("openapi.alipay.com")
            .readme(include_str!("../README.md"))
            .sample(json!({ "appId": "2021000000000000", "privateKey": "<private-key>", "signType": "RSA2" }))
    }
}

/// One signed call of the gateway; its answer stands under a name made from the method's.
fn call(config: &Config, method: &str, more: &[(&str, &str)]) -> Result<Value, Failure> {
    let moment = time::rfc3339_seconds(now_ms() + CHINA_MS).replace('T', " ").replace('Z', "");
    let mut pairs = vec![
        ("app_id", config.app_id.as_str()),
        ("charset", "utf-8"),
        ("format", "JSON"),
        ("method", method),
        ("sign_type", "RSA2"),
        ("timestamp", &moment),
        ("version", "1.0"),
    ];
    pairs.extend_from_slice(more);
    pairs.sort_unstable();
    let text = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let signature = STANDARD.encode(config.private_key.sign("RS256", text.as_bytes())?);
    pairs.push(("sign", &signature));
    let answer: Value = http::post(GATEWAY).form(pairs).send()?.success("/error_response/sub_msg")?;
    let own = answer.get(format!("{}_response", method.replace('.', "_")).as_str());
    let body = own.or_else(|| answer.get("error_response"));
    let Some(body) = body else {
        return Err(Failure::new(code::INVALID_RESPONSE, "Alipay's answer is not the one that was asked for."));
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if text("code").is_none_or(|code| code == "10000") && text("sub_code").is_none() {
        return Ok(body.clone());
    }
    let kind = match (text("code"), text("sub_code")) {
        (_, Some("isv.code-invalid")) => code::SOCIAL_AUTH_CODE_INVALID,
        (Some("20001"), _) => code::SOCIAL_INVALID_ACCESS_TOKEN,
        _ => code::GENERAL,
    };
    let words = text("sub_msg").or(text("msg")).unwrap_or("Alipay refused the request.");
    Err(Failure::new(kind, words).with_data(json!({ "code": text("code"), "subCode": text("sub_code") })))
}

impl Social for AlipayWeb {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        let pairs = [
            ("app_id", config.app_id.as_str()),
            ("redirect_uri", &start.redirect_uri),
            ("scope", start.scope.as_deref().or(config.scope.as_deref()).unwrap_or("auth_user")),
            ("state", &start.state),
        ];
        Ok(http::with_query("https://openauth.alipay.com/oauth2/publicAppAuthorize.htm", pairs))
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let given = callback.code_named("auth_code")?;
        let pairs = [("grant_type", "authorization_code"), ("code", given)];
        let tokens = call(config, "alipay.system.oauth.token", &pairs)?;
        let token = oauth::text(&tokens, "/access_token")
            .ok_or_else(|| Failure::new(code::SOCIAL_AUTH_CODE_INVALID, "Alipay gave no access token."))?;
        let user = call(config, "alipay.user.info.share", &[("auth_token", &token)])?;
        Ok(UserInfo {
            id: oauth::id(&user, "/user_id").or_else(|_| oauth::id(&user, "/open_id"))?,
            name: oauth::text(&user, "/nick_name"),
            avatar: oauth::text(&user, "/avatar"),
            raw_data: user,
            ..UserInfo::default()
        })
    }
}

export_social!(AlipayWeb);
