//! SMS Aero, version 2 of its API.
//!
//! Provider document: <https://smsaero.ru/integration/documentation/api/>

use keyway_connector::template::{self, TextTemplate};
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, code, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The e-mail address of the account.
    #[schemars(title = "E-mail", length(min = 1))]
    email: String,
    /// The account's API key; it is stored sealed and never shown again.
    #[schemars(title = "API key")]
    api_key: Secret,
    /// The approved sender's name.
    #[schemars(title = "Sender name", length(min = 1))]
    sender_name: String,
    /// One text for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<TextTemplate>,
}

struct SmsAero;

impl Connector for SmsAero {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("smsaero-short-message-service", "smsaero-sms", "SMS Aero service", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "SMS Aero 短信服务")
            .description("en", "Text messages with SMS Aero.")
            .description("zh-CN", "通过 SMS Aero 发送短信。")
            .host("gate.smsaero.ru")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "email": "admin@example.com",
                "apiKey": "<api-key>",
                "senderName": "Acme",
                "templates": template::sample_texts(),
            }))
    }
}

impl Sms for SmsAero {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let text = template::text(&config.templates, message)?;
        let answer = http::post("https://gate.smsaero.ru/v2/sms/send")
            .basic_auth(&config.email, config.api_key.expose())
            .json(&json!({ "number": message.to, "sign": config.sender_name, "text": text }))
            .send()?
            .success("/message")?;
        if answer.get("success") == Some(&Value::Bool(true)) {
            return Ok(Sent::default().with("requestId", answer.pointer("/data/id").cloned()));
        }
        let words = answer.get("message").and_then(Value::as_str).unwrap_or("SMS Aero refused the message.");
        Err(Failure::new(code::GENERAL, words))
    }
}

export_sms!(SmsAero);
