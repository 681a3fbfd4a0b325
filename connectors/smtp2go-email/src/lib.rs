//! SMTP2GO's HTTP API.
//!
//! Provider document: <https://developers.smtp2go.com/reference/send-standard-email>

use keyway_connector::template::{self, MailTemplate};
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Secret, Sent, code, export_email, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// An API key with the permission to send e-mail; it is stored sealed and never shown again.
    #[schemars(title = "API key")]
    api_key: Secret,
    /// The verified sender's address.
    #[schemars(title = "Sender", regex(pattern = "^[^@ ]+@[^@ ]+$"), extend("x-message" = "an e-mail address"))]
    sender: String,
    /// The sender's name that recipients see.
    #[schemars(title = "Sender name")]
    sender_name: Option<String>,
    /// One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<MailTemplate>,
}

struct Smtp2Go;

impl Connector for Smtp2Go {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::email("smtp2go-email-service", "smtp2go-email", "SMTP2GO Email", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "SMTP2GO 邮件")
            .description("en", "E-mail with SMTP2GO.")
            .description("zh-CN", "通过 SMTP2GO 发送邮件。")
            .host("api.smtp2go.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "apiKey": "<api-key>",
                "sender": "no-reply@example.com",
                "senderName": "Acme",
                "templates": template::sample_mails(),
            }))
    }
}

impl Email for Smtp2Go {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let mail = template::mail(&config.templates, message)?;
        let name = mail.send_from.as_ref().or(config.sender_name.as_ref());
        let mut body = json!({
            "api_key": config.api_key.expose(),
            "to": [message.to],
            "sender": name.map_or_else(|| config.sender.clone(), |name| format!("{name} <{}>", config.sender)),
            "subject": mail.subject,
            if mail.is_text { "text_body" } else { "html_body" }: mail.content,
        });
        if let (Some(fields), Some(address)) = (body.as_object_mut(), &mail.reply_to) {
            fields.insert("custom_headers".into(), json!([{ "header": "Reply-To", "value": address }]));
        }
        let answer = http::post("https://api.smtp2go.com/v3/email/send").json(&body).send()?.success("/data/error")?;
        if answer.pointer("/data/succeeded").and_then(Value::as_u64) == Some(1) {
            return Ok(Sent::default().with("messageId", answer.pointer("/data/email_id").cloned()));
        }
        let words = answer.pointer("/data/failures/0").and_then(Value::as_str).unwrap_or("SMTP2GO refused the mail.");
        Err(Failure::new(code::GENERAL, words))
    }
}

export_email!(Smtp2Go);
