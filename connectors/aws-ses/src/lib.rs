//! Amazon Simple Email Service, version 2 of its API, with signature version 4.
//!
//! Provider document: <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>

mod signature;

use keyway_connector::template::{self, MailTemplate};
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Secret, Sent, export_email, http, now_ms};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The access key ID of an IAM user that may call `ses:SendEmail`.
    #[schemars(title = "Access key ID", length(min = 1))]
    access_key_id: String,
    /// The secret access key; it is stored sealed and never shown again.
    #[schemars(title = "Access key secret")]
    access_key_secret: Secret,
    /// The region, such as us-east-1.
    #[schemars(title = "Region", regex(pattern = "^[a-z0-9-]+$"), extend("x-message" = "a region such as us-east-1"))]
    region: String,
    /// The verified sender's address, or Name <address>.
    #[schemars(title = "E-mail address")]
    email_address: Option<String>,
    /// The ARN of an identity that another account lets you send from.
    #[schemars(title = "Identity ARN")]
    email_address_identity_arn: Option<String>,
    /// Where bounces and complaints go.
    #[schemars(title = "Feedback address")]
    feedback_forwarding_email_address: Option<String>,
    /// The ARN of the feedback address's identity.
    #[schemars(title = "Feedback identity ARN")]
    feedback_forwarding_email_address_identity_arn: Option<String>,
    /// The name of a configuration set.
    #[schemars(title = "Configuration set")]
    configuration_set_name: Option<String>,
    /// One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<MailTemplate>,
}

struct AwsSes;

impl Connector for AwsSes {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::email("aws-ses-mail", "aws-ses", "AWS Direct Mail", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "AWS 邮件服务")
            .description("en", "E-mail with Amazon Simple Email Service.")
            .description("zh-CN", "通过 Amazon Simple Email Service 发送邮件。")
            .host("*.amazonaws.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "accessKeyId": "<access-key-id>",
                "accessKeySecret": "<access-key-secret>",
                "region": "us-east-1",
                "emailAddress": "Acme <no-reply@example.com>",
                "templates": template::sample_mails(),
            }))
    }
}

impl Email for AwsSes {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let mail = template::mail(&config.templates, message)?;
        let content = json!({ "Data": mail.content, "Charset": "UTF-8" });
        let mut body = json!({
            "Destination": { "ToAddresses": [message.to] },
            "Content": { "Simple": {
                "Subject": { "Data": mail.subject, "Charset": "UTF-8" },
                "Body": { if mail.is_text { "Text" } else { "Html" }: content },
            } },
        });
        if let Some(fields) = body.as_object_mut() {
            let sender =
                mail.send_from.as_ref().filter(|sender| sender.contains('@')).or(config.email_address.as_ref());
            for (name, value) in [
                ("FromEmailAddress", sender),
                ("FromEmailAddressIdentityArn", config.email_address_identity_arn.as_ref()),
                ("FeedbackForwardingEmailAddress", config.feedback_forwarding_email_address.as_ref()),
                (
                    "FeedbackForwardingEmailAddressIdentityArn",
                    config.feedback_forwarding_email_address_identity_arn.as_ref(),
                ),
                ("ConfigurationSetName", config.configuration_set_name.as_ref()),
            ] {
                fields.extend(value.map(|value| (name.to_owned(), json!(value))));
            }
            fields.extend(mail.reply_to.map(|address| ("ReplyToAddresses".to_owned(), json!([address]))));
        }
        let (host, body) = (format!("email.{}.amazonaws.com", config.region), body.to_string());
        let call = signature::Call {
            service: "ses",
            region: &config.region,
            host: &host,
            path: "/v2/email/outbound-emails",
            content_type: "application/json",
            body: &body,
            milliseconds: now_ms(),
        };
        let (authorization, date) = call.sign(&config.access_key_id, config.access_key_secret.expose());
        let response = http::post(format!("https://{host}{}", call.path))
            .header("authorization", authorization)
            .header("x-amz-date", date)
            .header("content-type", call.content_type)
            .body(body.clone().into_bytes())
            .send()?;
        if !response.is_success() {
            let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            return Err(response.failure(answer.get("message").or(answer.get("Message")).and_then(Value::as_str)));
        }
        let answer: Value = response.json()?;
        Ok(Sent::default().with("messageId", answer.get("MessageId").cloned()))
    }
}

export_email!(AwsSes);
