//! GatewayAPI's REST interface for text messages.
//!
//! Provider document: <https://gatewayapi.com/docs/apis/rest/>

use keyway_connector::template::{self, TextTemplate};
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// Address of the API; accounts in the EU use https://gatewayapi.eu/rest/mtsms.
    #[schemars(title = "Endpoint", regex(pattern = "^https://"), extend("format" = "uri", "x-message" = "an address that begins with https://"))]
    endpoint: String,
    /// The API token from the dashboard; it is stored sealed and never shown again.
    #[schemars(title = "API token")]
    api_token: Secret,
    /// The sender's name that recipients see.
    #[schemars(title = "Sender", length(min = 1))]
    sender: String,
    /// One text for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<TextTemplate>,
}

struct GatewayApiSms;

impl Connector for GatewayApiSms {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("gatewayapi-sms", "gatewayapi-sms", "GatewayAPI SMS Service", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "GatewayAPI 短信服务")
            .description("en", "Text messages with GatewayAPI, worldwide.")
            .description("zh-CN", "通过 GatewayAPI 向全球发送短信。")
            .host("${config.endpoint}")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "endpoint": "https://gatewayapi.com/rest/mtsms",
                "apiToken": "<api-token>",
                "sender": "Acme",
                "templates": template::sample_texts(),
            }))
    }
}

impl Sms for GatewayApiSms {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let text = template::text(&config.templates, message)?;
        let answer = http::post(&config.endpoint)
            .basic_auth(config.api_token.expose(), "")
            .json(&json!({ "sender": config.sender, "message": text, "recipients": [{ "msisdn": message.to }] }))
            .send()?
            .success("/message")?;
        Ok(Sent::default().with("requestId", answer.pointer("/ids/0").cloned()))
    }
}

export_sms!(GatewayApiSms);
