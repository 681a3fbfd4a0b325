//! SendGrid's mail send API, version 3.
//!
//! Provider document: <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>

use keyway_connector::template::{self, MailTemplate};
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Secret, Sent, export_email, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// An API key with the permission to send mail; it is stored sealed and never shown again.
    #[schemars(title = "API key")]
    api_key: Secret,
    /// The verified sender's address.
    #[schemars(title = "From address", length(min = 1))]
    from_email: String,
    /// The sender's name that recipients see.
    #[schemars(title = "From name")]
    from_name: Option<String>,
    /// One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<MailTemplate>,
}

struct SendGrid;

impl Connector for SendGrid {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::email("sendgrid-email-service", "sendgrid-mail", "SendGrid Email", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "SendGrid 邮件")
            .description("en", "E-mail with SendGrid.")
            .description("zh-CN", "通过 SendGrid 发送邮件。")
            .host("api.sendgrid.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "apiKey": "<api-key>",
                "fromEmail": "no-reply@example.com",
                "fromName": "Acme",
                "templates": template::sample_mails(),
            }))
    }
}

impl Email for SendGrid {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let mail = template::mail(&config.templates, message)?;
        let mut from = Map::from_iter([("email".to_owned(), json!(config.from_email))]);
        if let Some(name) = mail.send_from.as_ref().or(config.from_name.as_ref()) {
            from.insert("name".into(), json!(name));
        }
        let mut body = json!({
            "personalizations": [{ "to": [{ "email": message.to }] }],
            "from": from,
            "subject": mail.subject,
            "content": [{ "type": if mail.is_text { "text/plain" } else { "text/html" }, "value": mail.content }],
        });
        if let (Some(fields), Some(address)) = (body.as_object_mut(), &mail.reply_to) {
            fields.insert("reply_to".into(), json!({ "email": address }));
        }
        let response =
            http::post("https://api.sendgrid.com/v3/mail/send").bearer(config.api_key.expose()).json(&body).send()?;
        if response.is_success() {
            return Ok(Sent::default().with("messageId", response.header("x-message-id")));
        }
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        Err(response.failure(answer.pointer("/errors/0/message").and_then(Value::as_str)))
    }
}

export_email!(SendGrid);
