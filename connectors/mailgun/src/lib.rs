//! Mailgun's messages API.
//!
//! Provider document: <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages>

use std::collections::BTreeMap;

use keyway_connector::template::render;
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Secret, Sent, code, export_email, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// Address of the API for domains outside the USA, such as https://api.eu.mailgun.net.
    #[schemars(title = "Endpoint", regex(pattern = "^https://([a-z0-9-]+\\.)+mailgun\\.net/?$"), extend("x-message" = "an address such as https://api.eu.mailgun.net"))]
    endpoint: Option<String>,
    /// The verified domain that mails come from.
    #[schemars(title = "Domain", length(min = 1))]
    domain: String,
    /// A sending key of the domain; it is stored sealed and never shown again.
    #[schemars(title = "API key")]
    api_key: Secret,
    /// The sender, such as Acme <no-reply@mg.example.com>.
    #[schemars(title = "From", length(min = 1))]
    from: String,
    /// What is sent for each usage, by usage type; others fall back to Generic.
    #[schemars(title = "Deliveries", extend("minProperties" = 1))]
    deliveries: BTreeMap<String, Delivery>,
}

/// A mail of the admin's, or one of a template at Mailgun.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Delivery {
    /// The mail as HTML.
    html: Option<String>,
    /// The mail as text.
    text: Option<String>,
    /// The name of a template at Mailgun, in place of html and text.
    template: Option<String>,
    /// Variables of the template beside the code.
    #[serde(default)]
    variables: Map<String, Value>,
    /// The subject.
    subject: Option<String>,
    /// Address for answers.
    reply_to: Option<String>,
}

struct Mailgun;

impl Connector for Mailgun {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::email("mailgun-email", "mailgun-email", "Mailgun", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Mailgun 邮件")
            .description("en", "E-mail with Mailgun.")
            .description("zh-CN", "通过 Mailgun 发送邮件。")
            .host("*.mailgun.net")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "domain": "mg.example.com",
                "apiKey": "<api-key>",
                "from": "Acme <no-reply@mg.example.com>",
                "deliveries": {
                    "Generic": { "subject": "Your code is {{code}}", "html": "<p>Your code is {{code}}.</p>" },
                },
            }))
    }

    fn validate(config: &Config) -> Result<(), Failure> {
        let empty =
            |delivery: &Delivery| delivery.html.is_none() && delivery.text.is_none() && delivery.template.is_none();
        match config.deliveries.iter().find(|(_, delivery)| empty(delivery)) {
            Some((usage, _)) => {
                let message = format!("deliveries.{usage} needs html, text or template.");
                Err(Failure::new(code::INVALID_CONFIG, message))
            }
            None => Ok(()),
        }
    }
}

/// The form's fields for a message.
fn fields(config: &Config, message: &Message) -> Result<Vec<(&'static str, String)>, Failure> {
    let filled = |text: &str| render(text, &message.payload);
    let mut fields = vec![("from", config.from.clone()), ("to", message.to.clone())];
    if let Some(own) = &message.template {
        let body = if own.content_type.as_deref() == Some("text/plain") { "text" } else { "html" };
        fields.extend([("subject", filled(&own.subject)), (body, filled(&own.content))]);
        fields.extend(own.reply_to.as_deref().map(|address| ("h:Reply-To", filled(address))));
        return Ok(fields);
    }
    let delivery = config.deliveries.get(&message.usage).or_else(|| config.deliveries.get("Generic"));
    let delivery = delivery.ok_or_else(|| {
        Failure::new(
            code::TEMPLATE_NOT_FOUND,
            format!("There is no delivery for {} and no Generic one.", message.usage),
        )
    })?;
    fields.extend(delivery.subject.as_deref().map(|text| ("subject", filled(text))));
    fields.extend(delivery.reply_to.as_deref().map(|text| ("h:Reply-To", filled(text))));
    if let Some(template) = &delivery.template {
        let mut variables = delivery.variables.clone();
        variables.extend(message.payload.clone());
        fields.push(("template", template.clone()));
        fields.push(("h:X-Mailgun-Variables", Value::Object(variables).to_string()));
    } else {
        fields.extend(delivery.html.as_deref().map(|text| ("html", filled(text))));
        fields.extend(delivery.text.as_deref().map(|text| ("text", filled(text))));
    }
    Ok(fields)
}

impl Email for Mailgun {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let fields = fields(config, message)?;
        let endpoint = config.endpoint.as_deref().unwrap_or("https://api.mailgun.net").trim_end_matches('/');
        let answer = http::post(format!("{endpoint}/v3/{}/messages", http::escape(&config.domain)))
            .basic_auth("api", config.api_key.expose())
            .form(fields.iter().map(|(name, value)| (*name, value.as_str())))
            .send()?
            .success("/message")?;
        Ok(Sent::default().with("messageId", answer.get("id").cloned()))
    }
}

export_email!(Mailgun);
