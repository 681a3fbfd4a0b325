//! Any SMTP relay, with a password or with OAuth 2.0 (XOAUTH2). The server speaks SMTP; this connector says to whom.

mod auth;

use keyway_connector::smtp::{self, Mail, Relay, Security};
use keyway_connector::template::{self, MailTemplate};
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Sent, code, export_email, uuid};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Host;

use auth::Auth;

/// What an admin fills in.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of the form")]
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The relay's host name.
    #[schemars(title = "Host", length(min = 1))]
    host: String,
    /// The relay's port: 465 with TLS from the start, 587 with STARTTLS.
    #[schemars(title = "Port", range(min = 1))]
    port: u16,
    /// How the server proves itself to the relay.
    #[schemars(title = "Authentication")]
    auth: Auth,
    /// The sender, such as Acme <no-reply@example.com>.
    #[schemars(title = "From", length(min = 1))]
    from_email: String,
    /// Address for answers.
    #[schemars(title = "Reply to")]
    reply_to: Option<String>,
    /// One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<Template>,
    /// TLS from the first byte, as on port 465. Without it STARTTLS is used, and no mail goes out in the clear.
    #[serde(default)]
    #[schemars(title = "Secure")]
    secure: bool,
    /// Send without TLS. Works only for relays that the operator allows by address.
    #[serde(default, rename = "ignoreTLS")]
    #[schemars(title = "Ignore TLS")]
    ignore_tls: bool,
    /// Kept for compatibility: TLS is always required.
    #[serde(default, rename = "requireTLS")]
    #[schemars(title = "Require TLS")]
    _require_tls: bool,
    /// Kept for compatibility: an empty object. Certificates are always checked against the public authorities.
    #[schemars(title = "TLS options")]
    #[serde(rename = "tls")]
    _tls: Option<Tls>,
    /// The host name with which the server greets the relay.
    #[schemars(title = "Client name")]
    name: Option<String>,
    /// Headers that every mail gets.
    #[serde(default)]
    #[schemars(title = "Custom headers", extend("additionalProperties" = { "type": "string" }))]
    custom_headers: Map<String, Value>,
    /// Kept for compatibility: time limits are the server's.
    #[schemars(title = "Connection timeout")]
    _connection_timeout: Option<u32>,
    /// Kept for compatibility: time limits are the server's.
    #[schemars(title = "Greeting timeout")]
    _greeting_timeout: Option<u32>,
    /// Kept for compatibility: time limits are the server's.
    #[schemars(title = "Socket timeout")]
    _socket_timeout: Option<u32>,
    /// Kept for compatibility: time limits are the server's.
    #[schemars(title = "DNS timeout")]
    _dns_timeout: Option<u32>,
    /// Kept for compatibility: the server's log is the operator's.
    #[serde(default)]
    #[schemars(title = "Logger")]
    _logger: bool,
    /// Kept for compatibility: the server's log is the operator's.
    #[serde(default)]
    #[schemars(title = "Debug")]
    _debug: bool,
    /// Kept for compatibility: a connector has no files.
    #[serde(default)]
    #[schemars(title = "Disable file access")]
    _disable_file_access: bool,
    /// Kept for compatibility: a connector reads no address of a mail.
    #[serde(default)]
    #[schemars(title = "Disable URL access")]
    _disable_url_access: bool,
}

/// What nodemailer takes here has no counterpart and is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tls {}

/// A mail of the admin's.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Template {
    /// Register, SignIn, ForgotPassword, Generic, or another usage type.
    #[schemars(title = "Usage type", length(min = 1))]
    usage_type: String,
    /// The subject; {{code}} stands for the code.
    #[schemars(title = "Subject", length(min = 1))]
    subject: String,
    /// The mail; {{code}} stands for the code.
    #[schemars(title = "Content", length(min = 1), extend("x-multiline" = true))]
    content: String,
    /// text/html or text/plain.
    #[schemars(title = "Content type", extend("enum" = ["text/html", "text/plain", null]))]
    content_type: Option<String>,
}

struct Smtp;

impl Connector for Smtp {
    type Config = Config;

    fn manifest() -> Manifest {
        let templates = template::sample_mails();
        let renamed = |mail: &Value| {
            let mut mail = mail.clone();
            if let Some(fields) = mail.as_object_mut() {
                let kind = fields.remove("type");
                fields.insert("contentType".into(), json!(kind));
            }
            mail
        };
        Manifest::email("simple-mail-transfer-protocol", "smtp", "SMTP", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "SMTP 邮件")
            .description("en", "E-mail through any SMTP relay.")
            .description("zh-CN", "通过任意 SMTP 服务器发送邮件。")
            .host("${config.host}")
            .host("oauth2.googleapis.com")
            .host("${config.auth.accessUrl}")
            .feature("smtp")
            .feature("cache")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "host": "smtp.example.com",
                "port": 587,
                "auth": { "type": "login", "user": "mailer", "pass": "<password>" },
                "fromEmail": "Acme <no-reply@example.com>",
                "templates": templates.as_array().into_iter().flatten().map(renamed).collect::<Value>(),
            }))
    }

    fn validate(config: &Config) -> Result<(), Failure> {
        if config.custom_headers.keys().any(|name| name.eq_ignore_ascii_case("message-id")) {
            return Err(Failure::new(code::INVALID_CONFIG, "customHeaders: every mail gets a Message-ID of its own."));
        }
        config.name.as_deref().map(client_name).transpose().map(|_| ())
    }
}

/// The host name of EHLO in ASCII (RFC 5321 section 2.3.5), or a literal address as it is.
fn client_name(name: &str) -> Result<String, Failure> {
    if name.starts_with('[') && name.ends_with(']') {
        return Ok(name.to_owned());
    }
    ascii(name).ok_or_else(|| {
        Failure::new(code::INVALID_CONFIG, format!("name: {name:?} is no host name, such as mail.example.com."))
    })
}

/// A domain in ASCII (RFC 5890).
fn ascii(domain: &str) -> Option<String> {
    match Host::parse(domain).ok()? {
        Host::Domain(name) => Some(name),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// A new Message-ID in the sender's domain (RFC 5322 section 3.6.4): some receivers refuse mail without one.
fn message_id(sender: &str, relay: &str) -> String {
    let domain = sender.rsplit_once('@').map(|(_, domain)| domain.trim_end().trim_end_matches('>'));
    let domain = domain.and_then(ascii).unwrap_or_else(|| relay.to_owned());
    format!("<{}@{domain}>", uuid())
}

impl Email for Smtp {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let templates: Vec<MailTemplate> = config
            .templates
            .iter()
            .map(|template| MailTemplate {
                usage_type: template.usage_type.clone(),
                subject: template.subject.clone(),
                content: template.content.clone(),
                kind: template.content_type.clone(),
            })
            .collect();
        let mail = template::mail(&templates, message)?;
        let (credentials, mechanism) = config.auth.credentials()?;
        let security = match (config.secure, config.ignore_tls) {
            (true, _) => Security::Tls,
            (false, true) => Security::Opportunistic,
            (false, false) => Security::StartTls,
        };
        let relay = Relay {
            host: config.host.clone(),
            port: config.port,
            security,
            credentials,
            mechanism,
            client_name: config.name.as_deref().map(client_name).transpose()?,
        };
        let header = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        let (text, html) = if mail.is_text { (Some(mail.content), None) } else { (None, Some(mail.content)) };
        let sender = mail.send_from.unwrap_or_else(|| config.from_email.clone());
        let id = ("Message-ID".to_owned(), message_id(&sender, &config.host));
        let mail = Mail {
            sender,
            to: message.to.clone(),
            reply_to: mail.reply_to.or_else(|| config.reply_to.clone()),
            subject: mail.subject,
            text,
            html,
            headers: config.custom_headers.iter().filter_map(header).chain([id]).collect(),
        };
        let answer = smtp::send(&relay, &mail)?;
        if answer.is_empty() {
            return Err(Failure::new(code::INVALID_RESPONSE, "The relay said nothing."));
        }
        Ok(Sent::default().with("answer", answer))
    }
}

export_email!(Smtp);
