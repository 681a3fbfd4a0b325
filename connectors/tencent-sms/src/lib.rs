//! Tencent Cloud SMS (`SendSms`, version 2021-01-11) with signature version 3.
//!
//! Provider document: <https://www.tencentcloud.com/document/product/382/40656>

mod signature;

use keyway_connector::template;
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, code, export_sms, http, now_ms};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The form in Simplified Chinese.
const CHINESE: [(&str, &str); 13] = [
    ("An approved template.", "已通过审核的模板。"),
    ("Access key ID (SecretId)", "SecretId"),
    (
        "The SecretId of a sub-account with the permission `QcloudSMSFullAccess`.",
        "拥有 `QcloudSMSFullAccess` 权限的子账号的 SecretId。",
    ),
    ("Access key secret (SecretKey)", "SecretKey"),
    ("The SecretKey; it is stored sealed and never shown again.", "SecretKey，加密保存，不会再次显示。"),
    ("Signature name", "签名内容"),
    ("The approved signature's text.", "已通过审核的签名内容。"),
    ("SDK AppID", "SDK AppID"),
    ("The SDK AppID of the SMS application, such as 1400006666.", "短信应用的 SDK AppID，例如 1400006666。"),
    ("Region", "地域"),
    ("The region of the API, such as ap-guangzhou.", "API 地域，例如 ap-guangzhou。"),
    (
        "One approved template for each usage. Register, SignIn, ForgotPassword and Generic are needed.",
        "每种用途一个已通过审核的模板，Register、SignIn、ForgotPassword 和 Generic 为必填。",
    ),
    ("The template's id; its only variable is the code.", "模板 ID，模板中唯一的变量是验证码。"),
];

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The SecretId of a sub-account with the permission `QcloudSMSFullAccess`.
    #[schemars(title = "Access key ID (SecretId)", length(min = 1))]
    access_key_id: String,
    /// The SecretKey; it is stored sealed and never shown again.
    #[schemars(title = "Access key secret (SecretKey)")]
    access_key_secret: Secret,
    /// The approved signature's text.
    #[schemars(title = "Signature name", length(min = 1))]
    sign_name: String,
    /// The SDK AppID of the SMS application, such as 1400006666.
    #[schemars(title = "SDK AppID", length(min = 1))]
    sdk_app_id: String,
    /// The region of the API, such as ap-guangzhou.
    #[schemars(title = "Region", length(min = 1))]
    region: String,
    /// One approved template for each usage. Register, SignIn, ForgotPassword and Generic are needed.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<Template>,
}

/// An approved template.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Template {
    /// Register, SignIn, ForgotPassword, Generic, or another usage type.
    #[schemars(title = "Usage type", length(min = 1))]
    usage_type: String,
    /// The template's id; its only variable is the code.
    #[schemars(title = "Template code", length(min = 1))]
    template_code: String,
}

impl template::Template for Template {
    fn usage_type(&self) -> &str {
        &self.usage_type
    }
}

struct TencentSms;

impl Connector for TencentSms {
    type Config = Config;

    fn manifest() -> Manifest {
        let sample = |usage: &&str| json!({ "usageType": usage, "templateCode": "1234567" });
        Manifest::sms(
            "tencent-short-message-service",
            "tencent-sms",
            "Tencent Short Message Service",
            env!("CARGO_PKG_VERSION"),
        )
        .name("zh-CN", "腾讯云短信服务")
        .description("en", "Text messages with Tencent Cloud, in mainland China and overseas.")
        .description("zh-CN", "通过腾讯云向中国大陆及海外发送短信。")
        .translations("zh-CN", &template::CHINESE)
        .translations("zh-CN", &CHINESE)
        .readme_in("zh-CN", include_str!("../README.zh-CN.md"))
        .host("sms.tencentcloudapi.com")
        .readme(include_str!("../README.md"))
        .sample(json!({
            "accessKeyId": "<secret-id>",
            "accessKeySecret": "<secret-key>",
            "signName": "<sign-name>",
            "sdkAppId": "1400006666",
            "region": "ap-guangzhou",
            "templates": template::REQUIRED_USAGES.iter().map(sample).collect::<Value>(),
        }))
    }
}

impl Sms for TencentSms {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let template = template::find(&config.templates, &message.usage)?;
        // Other values of the payload are no parameters of the template, and Tencent refuses a wrong number of them.
        let body = json!({
            "PhoneNumberSet": [format!("+{}", message.to)],
            "SmsSdkAppId": config.sdk_app_id,
            "SignName": config.sign_name,
            "TemplateId": template.template_code,
            "TemplateParamSet": [message.text("code").unwrap_or_default()],
        })
        .to_string();
        let seconds = now_ms() / 1000;
        let call = signature::Call { service: "sms", host: "sms.tencentcloudapi.com", body: &body, seconds };
        let authorization = call.authorization(&config.access_key_id, config.access_key_secret.expose());
        let response = http::post("https://sms.tencentcloudapi.com/")
            .header("authorization", authorization)
            .header("content-type", signature::CONTENT_TYPE)
            .header("x-tc-action", "SendSms")
            .header("x-tc-version", "2021-01-11")
            .header("x-tc-region", &config.region)
            .header("x-tc-timestamp", seconds.to_string())
            .body(body.into_bytes())
            .send()?;
        if !response.is_success() {
            return Err(response.failure(None));
        }
        interpret(&response.json()?)
    }
}

fn interpret(answer: &Value) -> Result<Sent, Failure> {
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str);
    let request_id = text("/Response/RequestId");
    let (code, words) = match text("/Response/Error/Code") {
        Some(code) => (code, text("/Response/Error/Message")),
        None => match text("/Response/SendStatusSet/0/Code") {
            Some("Ok") => {
                let serial = text("/Response/SendStatusSet/0/SerialNo");
                return Ok(Sent::default().with("requestId", request_id).with("serialNo", serial));
            }
            Some(code) => (code, text("/Response/SendStatusSet/0/Message")),
            None => return Err(Failure::new(code::INVALID_RESPONSE, "Tencent's answer tells nothing of the message.")),
        },
    };
    let kind = if code.starts_with("LimitExceeded") { code::RATE_LIMIT_EXCEEDED } else { code::GENERAL };
    Err(Failure::new(kind, words.unwrap_or(code)).with_data(json!({ "code": code, "requestId": request_id })))
}

export_sms!(TencentSms);
