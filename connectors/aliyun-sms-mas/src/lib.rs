//! Aliyun phone number verification (`SendSmsVerifyCode`, version 2017-05-25): codes to mainland China with ready-made
//! signatures and templates.
//!
//! Provider document: <https://help.aliyun.com/zh/pnvs/developer-reference/api-dypnsapi-2017-05-25-sendsmsverifycode>

use keyway_connector::template;
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, code, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The form in Simplified Chinese.
const CHINESE: [(&str, &str); 9] = [
    ("One of Aliyun's templates.", "阿里云提供的模板。"),
    ("AccessKey ID", "AccessKey ID"),
    (
        "The AccessKey ID of a RAM user with the permission `AliyunDypnsFullAccess`.",
        "拥有 `AliyunDypnsFullAccess` 权限的 RAM 用户的 AccessKey ID。",
    ),
    ("AccessKey secret", "AccessKey Secret"),
    (
        "The AccessKey secret shown once by Aliyun when the key was created.",
        "创建密钥时阿里云仅显示一次的 AccessKey Secret。",
    ),
    ("Signature name", "签名名称"),
    ("One of the signatures that the console shows.", "控制台中列出的签名之一。"),
    (
        "One of Aliyun's template codes for each usage; others fall back to Generic.",
        "每种用途一个阿里云模板代码，其他用途使用 Generic。",
    ),
    ("The template's code, such as 100001.", "模板代码，例如 100001。"),
];

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The AccessKey ID of a RAM user with the permission `AliyunDypnsFullAccess`.
    #[schemars(title = "AccessKey ID", length(min = 1))]
    access_key_id: String,
    /// The AccessKey secret shown once by Aliyun when the key was created.
    #[schemars(title = "AccessKey secret")]
    access_key_secret: Secret,
    /// One of the signatures that the console shows.
    #[schemars(title = "Signature name", length(min = 1))]
    sign_name: String,
    /// One of Aliyun's template codes for each usage; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<Template>,
}

/// One of Aliyun's templates.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Template {
    /// Register, SignIn, ForgotPassword, Generic, or another usage type.
    #[schemars(title = "Usage type", length(min = 1))]
    usage_type: String,
    /// The template's code, such as 100001.
    #[schemars(title = "Template code", length(min = 1))]
    template_code: String,
}

impl template::Template for Template {
    fn usage_type(&self) -> &str {
        &self.usage_type
    }
}

struct AliyunSmsMas;

impl Connector for AliyunSmsMas {
    type Config = Config;

    fn manifest() -> Manifest {
        let templates =
            [("SignIn", "100001"), ("Register", "100001"), ("ForgotPassword", "100003"), ("Generic", "100001")]
                .map(|(usage, code)| json!({ "usageType": usage, "templateCode": code }));
        Manifest::sms(
            "aliyun-short-message-auth-service",
            "aliyun-sms-mas",
            "Aliyun Message Authentication Service",
            env!("CARGO_PKG_VERSION"),
        )
        .name("zh-CN", "阿里云短信认证服务")
        .description("en", "Codes to mainland China with Aliyun's ready-made signatures and templates.")
        .description("zh-CN", "使用阿里云预置签名和模板向中国大陆发送验证码。")
        .translations("zh-CN", &template::CHINESE)
        .translations("zh-CN", &CHINESE)
        .readme_in("zh-CN", include_str!("../README.zh-CN.md"))
        .host("dypnsapi.aliyuncs.com")
        .readme(include_str!("../README.md"))
        .sample(json!({
            "accessKeyId": "<access-key-id>",
            "accessKeySecret": "<access-key-secret>",
            "signName": "<sign-name>",
            "templates": templates,
        }))
    }
}

/// The national form of a mainland number.
fn mainland(message: &Message) -> Result<&str, Failure> {
    message
        .national("86")
        .ok_or_else(|| Failure::new(code::INVALID_REQUEST_PARAMETERS, "This service sends to mainland China alone."))
}

impl Sms for AliyunSmsMas {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let number = mainland(message)?;
        let template = template::find(&config.templates, &message.usage)?;
        let parameters = json!({ "code": message.text("code").unwrap_or_default(), "min": "10" }).to_string();
        let parameters = [
            ("CountryCode", "86"),
            ("PhoneNumber", number),
            ("SignName", config.sign_name.as_str()),
            ("TemplateCode", &template.template_code),
            ("TemplateParam", &parameters),
        ];
        let secret = config.access_key_secret.expose();
        let body = aliyun_rpc::call("SendSmsVerifyCode", "2017-05-25", &config.access_key_id, secret, &parameters);
        let response = http::post("https://dypnsapi.aliyuncs.com/").encoded_form(body).send()?;
        let answer: Value = response.json()?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let details = json!({ "code": text("Code"), "requestId": text("RequestId") });
        let kind = match text("Code") {
            Some("OK") if response.is_success() => return Ok(Sent::default().with("requestId", text("RequestId"))),
            Some("BUSINESS_LIMIT_CONTROL" | "FREQUENCY_FAIL") => code::RATE_LIMIT_EXCEEDED,
            Some("MOBILE_NUMBER_ILLEGAL") => code::INVALID_REQUEST_PARAMETERS,
            Some(_) => code::GENERAL,
            None => code::INVALID_RESPONSE,
        };
        Err(Failure::new(kind, text("Message").unwrap_or("Aliyun refused the message.")).with_data(details))
    }
}

export_sms!(AliyunSmsMas);
