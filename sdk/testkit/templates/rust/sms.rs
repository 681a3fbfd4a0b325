//! Sends text messages through Example.

use keyway_connector::template::{self, TextTemplate};
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The key from the provider's console; it is stored sealed and never shown again.
    #[schemars(title = "API key")]
    api_key: Secret,
    /// The approved sender's name.
    #[schemars(title = "Sender", length(min = 1))]
    sender: String,
    /// One text for each usage. Register, SignIn, ForgotPassword and Generic are needed.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<TextTemplate>,
}

struct Example;

impl Connector for Example {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("{{name}}", "{{name}}", "Example SMS", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "示例短信")
            .description("en", "Text messages with Example.")
            .description("zh-CN", "通过示例服务商发送短信。")
            .host("api.example.com")
            .readme(include_str!("../README.md"))
            .sample(json!({ "apiKey": "<api-key>", "sender": "Acme", "templates": template::sample_texts() }))
    }
}

impl Sms for Example {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let text = template::text(&config.templates, message)?;
        let answer = http::post("https://api.example.com/messages")
            .bearer(config.api_key.expose())
            .json(&json!({ "from": config.sender, "to": format!("+{}", message.to), "text": text }))
            .send()?
            .success("/error/message")?;
        Ok(Sent::default().with("requestId", answer["id"].clone()))
    }
}

export_sms!(Example);
