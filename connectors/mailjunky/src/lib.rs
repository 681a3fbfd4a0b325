//! MailJunky.
//!
//! Provider document: <https://mailjunky.ai/docs>

use keyway_connector::template::{self, MailTemplate};
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Secret, Sent, export_email, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The API key; it is stored sealed and never shown again.
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

struct MailJunky;

impl Connector for MailJunky {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::email("mailjunky-email-service", "mailjunky-mail", "MailJunky Email", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "MailJunky 邮件")
            .description("en", "E-mail with MailJunky.")
            .description("zh-CN", "通过 MailJunky 发送邮件。")
            .host("mailjunky.ai")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "apiKey": "<api-key>",
                "fromEmail": "no-reply@example.com",
                "fromName": "Acme",
                "templates": template::sample_mails(),
            }))
    }
}

/// The text of a page without its tags, for readers that show no HTML.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Email for MailJunky {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let mail = template::mail(&config.templates, message)?;
        let name = mail.send_from.as_ref().or(config.from_name.as_ref());
        let from = name.map_or_else(|| config.from_email.clone(), |name| format!("{name} <{}>", config.from_email));
        let mut body = json!({ "from": from, "to": message.to, "subject": mail.subject });
        if let Some(fields) = body.as_object_mut() {
            if mail.is_text {
                fields.insert("text".into(), json!(mail.content));
            } else {
                fields.insert("text".into(), json!(plain(&mail.content)));
                fields.insert("html".into(), json!(mail.content));
            }
        }
        let response =
            http::post("https://mailjunky.ai/api/v1/emails/send").bearer(config.api_key.expose()).json(&body).send()?;
        if response.is_success() {
            let answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap_or_default();
            return Ok(Sent::default().with("messageId", answer.get("id").cloned()));
        }
        // MailJunky repeats the mail in its errors: its words stay out of the log.
        Err(response.failure(Some(&format!("MailJunky answered {}.", response.status))))
    }
}

export_email!(MailJunky);

#[cfg(test)]
mod tests {
    #[test]
    fn tags_leave_the_plain_text() {
        assert_eq!(super::plain("<p>Your <b>code</b>\n is 1</p><br>"), "Your code is 1");
    }
}
