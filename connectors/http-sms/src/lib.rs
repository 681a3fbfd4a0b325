//! Hands each message to a service of the operator's own.

use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// Address that messages are posted to.
    #[schemars(title = "Endpoint", regex(pattern = "^https?://"), extend("format" = "uri", "x-message" = "an address that begins with https://"))]
    endpoint: String,
    /// The whole value of the Authorization header; it is stored sealed and never shown again.
    #[schemars(title = "Authorization")]
    authorization: Option<Secret>,
}

struct HttpSms;

impl Connector for HttpSms {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("http-sms", "http-sms", "HTTP SMS", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "HTTP 短信")
            .description("en", "Text messages through a service of your own.")
            .description("zh-CN", "通过您自己的服务发送短信。")
            .host("${config.endpoint}")
            .readme(include_str!("../README.md"))
            .sample(json!({ "endpoint": "https://sms.example.com/messages", "authorization": "Bearer <token>" }))
    }
}

impl Sms for HttpSms {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let request = http::post(&config.endpoint);
        let request = match &config.authorization {
            Some(value) => request.header("authorization", value.expose()),
            None => request,
        };
        let body = json!({ "to": message.to, "type": message.usage, "payload": message.payload });
        let response = request.json(&body).send()?;
        if response.is_success() {
            Ok(Sent::default().with("status", response.status))
        } else {
            Err(response.failure(None))
        }
    }
}

export_sms!(HttpSms);
