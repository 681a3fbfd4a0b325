//! Yunpian (云片).
//!
//! Provider document: <https://www.yunpian.com/official/document/sms/en/domestic_single_send>

use keyway_connector::template::{self, TextTemplate};
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, code, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The form in Simplified Chinese.
const CHINESE: [(&str, &str); 7] = [
    ("API key", "API Key"),
    ("The account's API key; it is stored sealed and never shown again.", "账号的 API Key，加密保存，不会再次显示。"),
    (
        "One text for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.",
        "每种用途一条短信，Register、SignIn、ForgotPassword 和 Generic 为必填，其他用途使用 Generic。",
    ),
    ("International messages", "国际短信"),
    ("Send to numbers outside mainland China as well.", "同时向中国大陆以外的号码发送。"),
    ("Message for unsupported countries", "不支持的国家提示"),
    (
        "What the log says of a number outside mainland China while international messages are off.",
        "未启用国际短信时，日志中对中国大陆以外号码的说明。",
    ),
];

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The account's API key; it is stored sealed and never shown again.
    #[schemars(title = "API key")]
    apikey: Secret,
    /// One text for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<TextTemplate>,
    /// Send to numbers outside mainland China as well.
    #[serde(default)]
    #[schemars(title = "International messages")]
    enable_international: bool,
    /// What the log says of a number outside mainland China while international messages are off.
    #[schemars(title = "Message for unsupported countries")]
    unsupported_countries_msg: Option<String>,
}

struct YunpianSms;

impl Connector for YunpianSms {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("yunpian-sms", "yunpian-sms", "YunPian SMS Service", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "云片短信服务")
            .description("en", "Text messages with Yunpian, in mainland China and overseas.")
            .description("zh-CN", "通过云片向中国大陆及海外发送短信。")
            .translations("zh-CN", &template::CHINESE)
            .translations("zh-CN", &CHINESE)
            .readme_in("zh-CN", include_str!("../README.zh-CN.md"))
            .host("sms.yunpian.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "apikey": "<api-key>",
                "templates": template::sample_texts(),
                "enableInternational": false,
            }))
    }
}

impl Sms for YunpianSms {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let mobile = match message.national("86") {
            Some(number) => number.to_owned(),
            None if config.enable_international => format!("+{}", message.to),
            None => {
                let words = config.unsupported_countries_msg.as_deref();
                let words = words.unwrap_or("International messages are switched off in this connector.");
                return Err(Failure::new(code::GENERAL, words));
            }
        };
        let text = template::text(&config.templates, message)?;
        let answer = http::post("https://sms.yunpian.com/v2/sms/single_send.json")
            .form([("apikey", config.apikey.expose()), ("mobile", &mobile), ("text", &text)])
            .send()?
            .success("/msg")?;
        if answer.get("code").and_then(Value::as_i64) == Some(0) {
            return Ok(Sent::default().with("requestId", answer.get("sid").cloned()));
        }
        let words = answer.get("msg").and_then(Value::as_str).unwrap_or("Yunpian refused the message.");
        // 8, 9, 17, 22 and 33: too many messages to one number or in one moment.
        let limited = answer.get("code").and_then(Value::as_i64).is_some_and(|code| [8, 9, 17, 22, 33].contains(&code));
        let kind = if limited { code::RATE_LIMIT_EXCEEDED } else { code::GENERAL };
        Err(Failure::new(kind, words).with_data(json!({ "code": answer.get("code") })))
    }
}

export_sms!(YunpianSms);
