//! Vonage SMS API.
//!
//! Provider document: <https://developer.vonage.com/en/api/sms>

use keyway_connector::template::{self, TextTemplate};
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, code, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The account's API key from the dashboard.
    #[schemars(title = "API key", length(min = 1))]
    api_key: String,
    /// The account's API secret; it is stored sealed and never shown again.
    #[schemars(title = "API secret")]
    api_secret: Secret,
    /// The sender's name or number that recipients see.
    #[schemars(title = "Brand name", length(min = 1))]
    brand_name: String,
    /// One text for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<TextTemplate>,
}

struct VonageSms;

impl Connector for VonageSms {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("vonage-sms", "vonage-sms", "Vonage SMS Service", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Vonage 短信服务")
            .description("en", "Text messages with Vonage, worldwide.")
            .description("zh-CN", "通过 Vonage 向全球发送短信。")
            .host("rest.nexmo.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "apiKey": "<api-key>",
                "apiSecret": "<api-secret>",
                "brandName": "Acme",
                "templates": template::sample_texts(),
            }))
    }
}

impl Sms for VonageSms {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let text = template::text(&config.templates, message)?;
        let kind = if text.is_ascii() { "text" } else { "unicode" };
        let answer = http::post("https://rest.nexmo.com/sms/json")
            .form([
                ("api_key", config.api_key.as_str()),
                ("api_secret", config.api_secret.expose()),
                ("from", &config.brand_name),
                ("to", &message.to),
                ("text", &text),
                ("type", kind),
            ])
            .send()?
            .success("/error-code-label")?;
        // A refused message is a success of HTTP: its own status says so, and 1 means throttled.
        let part = answer.pointer("/messages/0");
        let field = |name: &str| part.and_then(|part| part.get(name)).and_then(Value::as_str);
        match field("status") {
            Some("0") => Ok(Sent::default().with("requestId", field("message-id"))),
            Some(status) => {
                let kind = if status == "1" { code::RATE_LIMIT_EXCEEDED } else { code::GENERAL };
                let message = field("error-text").unwrap_or("Vonage refused the message.");
                Err(Failure::new(kind, message).with_data(json!({ "status": status })))
            }
            None => Err(Failure::new(code::INVALID_RESPONSE, "Vonage's answer tells nothing of the message.")),
        }
    }
}

export_sms!(VonageSms);
