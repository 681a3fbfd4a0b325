//! The developer's inbox: posts each message to a page on this machine instead of a phone.

use keyway_connector::{Connector, Failure, Manifest, Message, Sent, Sms, code, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Where the inbox listens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Address of the inbox, such as https://inbox.keyway.internal/messages.
    #[schemars(title = "Inbox address", length(min = 1))]
    endpoint: String,
}

struct DevInbox;

impl Connector for DevInbox {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("keyway-dev-inbox", "dev-inbox", "Developer inbox", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "开发收件箱")
            .description("en", "Shows codes on a page of this machine. For development only.")
            .description("zh-CN", "在本机页面上显示验证码,仅供开发使用。")
            .host("inbox.keyway.internal")
            .sample(json!({ "endpoint": "https://inbox.keyway.internal/messages" }))
            .readme(include_str!("../README.md"))
    }
}

impl Sms for DevInbox {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let body = json!({ "to": message.to, "usage": message.usage, "payload": message.payload });
        let response = http::post(&config.endpoint).json(&body).send()?;
        if response.is_success() {
            Ok(Sent::default())
        } else {
            Err(Failure::new(code::GENERAL, format!("The inbox answered {}.", response.status)))
        }
    }
}

export_sms!(DevInbox);
