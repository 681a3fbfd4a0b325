//! Sends e-mail through Example.

use keyway_connector::template::{self, MailTemplate};
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Secret, Sent, export_email, http};
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
    /// The approved sender's address.
    #[schemars(title = "Sender", length(min = 1), extend("format" = "email"))]
    sender: String,
    /// One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<MailTemplate>,
}

struct Example;

impl Connector for Example {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::email("{{name}}", "{{name}}", "Example mail", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "示例邮件")
            .description("en", "E-mail with Example.")
            .description("zh-CN", "通过示例服务商发送邮件。")
            .host("api.example.com")
            .readme(include_str!("../README.md"))
            .sample(json!({ "apiKey": "<api-key>", "sender": "no-reply@example.com", "templates": template::sample_mails() }))
    }
}

impl Email for Example {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let mail = template::mail(&config.templates, message)?;
        let body = if mail.is_text { "text" } else { "html" };
        let answer = http::post("https://api.example.com/mails")
            .bearer(config.api_key.expose())
            .json(&json!({ "from": config.sender, "to": message.to, "subject": mail.subject, body: mail.content }))
            .send()?
            .success("/error/message")?;
        Ok(Sent::default().with("messageId", answer["id"].clone()))
    }
}

export_email!(Example);
