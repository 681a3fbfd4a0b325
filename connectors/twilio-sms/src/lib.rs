//! Twilio Programmable Messaging.
//!
//! Provider document: <https://www.twilio.com/docs/messaging/api/message-resource>

use keyway_connector::template::{self, TextTemplate};
use keyway_connector::{Connector, Failure, Manifest, Message, Secret, Sent, Sms, export_sms, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The account's SID, which begins with AC.
    #[serde(rename = "accountSID")]
    #[schemars(title = "Account SID", regex(pattern = "^AC[0-9a-zA-Z]+$"), extend("x-message" = "the account's SID, such as AC0123456789abcdef0123456789abcdef"))]
    account_sid: String,
    /// The account's auth token; it is stored sealed and never shown again.
    #[schemars(title = "Auth token")]
    auth_token: Secret,
    /// The SID of the messaging service that sends, which begins with MG.
    #[serde(rename = "fromMessagingServiceSID")]
    #[schemars(title = "Messaging service SID", length(min = 1))]
    messaging_service_sid: String,
    /// Send without Twilio's SMS pumping protection.
    #[serde(default)]
    #[schemars(title = "Disable risk check")]
    disable_risk_check: bool,
    /// One text for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<TextTemplate>,
}

struct TwilioSms;

impl Connector for TwilioSms {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::sms("twilio-short-message-service", "twilio-sms", "Twilio SMS Service", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Twilio 短信服务")
            .description("en", "Text messages with Twilio, worldwide.")
            .description("zh-CN", "通过 Twilio 向全球发送短信。")
            .host("api.twilio.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "accountSID": "AC0123456789abcdef0123456789abcdef",
                "authToken": "<auth-token>",
                "fromMessagingServiceSID": "MG0123456789abcdef0123456789abcdef",
                "disableRiskCheck": false,
                "templates": template::sample_texts(),
            }))
    }
}

impl Sms for TwilioSms {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let text = template::text(&config.templates, message)?;
        let url =
            format!("https://api.twilio.com/2010-04-01/Accounts/{}/Messages.json", http::escape(&config.account_sid));
        let answer = http::post(url)
            .basic_auth(&config.account_sid, config.auth_token.expose())
            .form([
                ("To", format!("+{}", message.to.trim_start_matches('+')).as_str()),
                ("MessagingServiceSid", &config.messaging_service_sid),
                ("Body", &text),
                ("RiskCheck", if config.disable_risk_check { "disable" } else { "enable" }),
            ])
            .send()?
            .success("/message")?;
        Ok(Sent::default().with("requestId", answer.get("sid").cloned()).with("status", answer.get("status").cloned()))
    }
}

export_sms!(TwilioSms);
