//! Postmark, with templates that live at Postmark.
//!
//! Provider document: <https://postmarkapp.com/developer/api/templates-api#email-with-template>

use keyway_connector::template;
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Secret, Sent, export_email, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The server's API token; it is stored sealed and never shown again.
    #[schemars(title = "Server token")]
    server_token: Secret,
    /// The confirmed sender's address.
    #[schemars(title = "From address", length(min = 1))]
    from_email: String,
    /// The alias of a Postmark template for each usage. Register, SignIn, ForgotPassword and Generic are needed.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<Template>,
}

/// A template at Postmark.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Template {
    /// Register, SignIn, ForgotPassword, Generic, or another usage type.
    #[schemars(title = "Usage type", length(min = 1))]
    usage_type: String,
    /// The template's alias.
    #[schemars(title = "Template alias", length(min = 1))]
    template_alias: String,
}

impl template::Template for Template {
    fn usage_type(&self) -> &str {
        &self.usage_type
    }
}

struct Postmark;

impl Connector for Postmark {
    type Config = Config;

    fn manifest() -> Manifest {
        let sample = |usage: &&str| json!({ "usageType": usage, "templateAlias": "keyway-code" });
        Manifest::email("postmark-mail", "postmark-mail", "Postmark Email", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Postmark 邮件")
            .description("en", "E-mail with Postmark and its templates.")
            .description("zh-CN", "通过 Postmark 及其模板发送邮件。")
            .host("api.postmarkapp.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "serverToken": "<server-token>",
                "fromEmail": "no-reply@example.com",
                "templates": template::REQUIRED_USAGES.iter().map(sample).collect::<Value>(),
            }))
    }
}

impl Email for Postmark {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let template = template::find(&config.templates, &message.usage)?;
        let body = json!({
            "From": config.from_email,
            "To": message.to,
            "TemplateAlias": template.template_alias,
            "TemplateModel": message.payload,
        });
        let answer = http::post("https://api.postmarkapp.com/email/withTemplate")
            .header("x-postmark-server-token", config.server_token.expose())
            .header("accept", "application/json")
            .json(&body)
            .send()?
            .success("/Message")?;
        Ok(Sent::default().with("messageId", answer.get("MessageID").cloned()))
    }
}

export_email!(Postmark);
