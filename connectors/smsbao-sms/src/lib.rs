//! SMSBao (短信宝).
//!
//! Provider document: <https://www.smsbao.com/openapi/213.html>

use keyway_connector::template::{self, TextTemplate};
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, code, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// The form in Simplified Chinese.
const CHINESE: [(&str, &str); 7] = [
    ("User name", "用户名"),
    ("The account's user name.", "账号的用户名。"),
    ("API key or password MD5", "API Key 或密码 MD5"),
    (
        "The API key, or the MD5 of the account's password in hex; it is stored sealed and never shown again.",
        "API Key，或账号密码的十六进制 MD5，加密保存，不会再次显示。",
    ),
    ("Goods id", "产品 ID"),
    ("The product's id, for accounts that have a product of their own.", "专属产品的 ID，仅用于拥有专属产品的账号。"),
    (
        "One text for each usage; others fall back to Generic. SMSBao asks for a signature such as 【Acme】 in front.",
        "每种用途一条短信，其他用途使用 Generic。短信宝要求内容以签名开头，例如【Acme】。",
    ),
];

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The account's user name.
    #[schemars(title = "User name", length(min = 1))]
    username: String,
    /// The API key, or the MD5 of the account's password in hex; it is stored sealed and never shown again.
    #[schemars(title = "API key or password MD5")]
    password_or_api_key: Secret,
    /// The product's id, for accounts that have a product of their own.
    #[schemars(title = "Goods id")]
    goods_id: Option<String>,
    /// One text for each usage; others fall back to Generic. SMSBao asks for a signature such as 【Acme】 in front.
    #[schemars(title = "Templates", length(min = 1))]
    templates: Vec<TextTemplate>,
}

struct SmsBao;

impl Connector for SmsBao {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("smsbao-sms", "smsbao-sms", "SMSBao SMS Service", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "短信宝短信服务")
            .description("en", "Text messages with SMSBao, in mainland China.")
            .description("zh-CN", "通过短信宝向中国大陆发送短信。")
            .translations("zh-CN", &template::CHINESE)
            .translations("zh-CN", &CHINESE)
            .readme_in("zh-CN", include_str!("../README.zh-CN.md"))
            .host("api.smsbao.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "username": "acme",
                "passwordOrApiKey": "<api-key>",
                "templates": [{ "usageType": "Generic", "content": "【Acme】{{code}}" }],
            }))
    }
}

/// What SMSBao's codes mean.
fn words(code: &str) -> &'static str {
    match code {
        "-1" => "The parameters are incomplete.",
        "-2" => "SMSBao cannot send from this server.",
        "30" => "The password or API key is wrong.",
        "40" => "The account does not exist.",
        "41" => "The balance is used up.",
        "43" => "The server's IP address is not allowed.",
        "50" => "The text holds a forbidden word.",
        "51" => "The phone number is not right.",
        _ => "SMSBao refused the message.",
    }
}

impl Sms for SmsBao {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let text = template::text(&config.templates, message)?;
        // SMSBao takes mainland numbers alone, without their country code: the digits of any other would reach a stranger.
        let phone = message.national("86").ok_or_else(|| {
            Failure::new(code::INVALID_REQUEST_PARAMETERS, "This service sends to mainland China alone.")
        })?;
        let mut query = vec![
            ("u", config.username.as_str()),
            ("p", config.password_or_api_key.expose()),
            ("m", phone),
            ("c", &text),
        ];
        if let Some(goods) = &config.goods_id {
            query.push(("g", goods));
        }
        let response = http::get("https://api.smsbao.com/sms").query(query).send()?;
        if !response.is_success() {
            return Err(response.failure(None));
        }
        match response.text().trim() {
            "0" => Ok(Sent::default()),
            code if code.len() <= 3 && code.parse::<i32>().is_ok() => {
                Err(Failure::new(code::GENERAL, words(code)).with_data(json!({ "code": code })))
            }
            _ => Err(Failure::new(code::INVALID_RESPONSE, "SMSBao's answer is not one of its codes.")),
        }
    }
}

export_sms!(SmsBao);
