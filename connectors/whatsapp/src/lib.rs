//! WhatsApp Business Cloud API, with approved authentication templates.
//!
//! Provider document: <https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates>

use keyway_connector::template::{self, REQUIRED_USAGES};
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// A permanent token of a system user; it is stored sealed and never shown again.
    #[schemars(title = "Access token")]
    access_token: Secret,
    /// The id of the sending number, not the number itself.
    #[schemars(title = "Phone number id", length(min = 1))]
    phone_number_id: String,
    /// An approved template for each usage. Register, SignIn, ForgotPassword and Generic are needed.
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
    /// The template's name at WhatsApp.
    #[schemars(title = "Template name", length(min = 1))]
    #[serde(rename = "templateName")]
    name: String,
    /// The template's language, en when absent.
    #[schemars(title = "Language")]
    language: Option<String>,
}

impl template::Template for Template {
    fn usage_type(&self) -> &str {
        &self.usage_type
    }
}

struct WhatsApp;

impl Connector for WhatsApp {
    type Config = Config;

    fn manifest() -> Manifest {
        let sample = |usage: &&str| json!({ "usageType": usage, "templateName": "sign_in_code", "language": "en" });
        Manifest::sms("whatsapp-short-message-service", "whatsapp-sms", "WhatsApp Service", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "WhatsApp 消息服务")
            .description("en", "Codes by WhatsApp message in place of a text message.")
            .description("zh-CN", "通过 WhatsApp 消息发送验证码。")
            .host("graph.facebook.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "accessToken": "<access-token>",
                "phoneNumberId": "106540352242922",
                "templates": REQUIRED_USAGES.iter().map(sample).collect::<Value>(),
            }))
    }
}

impl Sms for WhatsApp {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let template = template::find(&config.templates, &message.usage)?;
        let code = [json!({ "type": "text", "text": message.text("code").unwrap_or_default() })];
        let body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.to,
            "type": "template",
            "template": {
                "name": template.name,
                "language": { "code": template.language.as_deref().unwrap_or("en") },
                "components": [
                    { "type": "body", "parameters": code },
                    { "type": "button", "sub_type": "url", "index": "0", "parameters": code },
                ],
            },
        });
        let url = format!("https://graph.facebook.com/v19.0/{}/messages", http::escape(&config.phone_number_id));
        let answer =
            http::post(url).bearer(config.access_token.expose()).json(&body).send()?.success("/error/message")?;
        Ok(Sent::default().with("requestId", answer.pointer("/messages/0/id").cloned()))
    }
}

export_sms!(WhatsApp);
