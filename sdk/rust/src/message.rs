//! Messages, the traits of the connectors that send them, and the glue between them and the contract.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::bindings::imports::keyway::connector::types;
use crate::connector::parse;
use crate::{Connector, Failure, code};

/// A message to deliver.
#[derive(Debug, Clone)]
pub struct Message {
    /// Phone number in digits with country code and no plus sign, or e-mail address.
    pub to: String,
    /// Usage type: `SignIn`, `Register`, `ForgotPassword`, `Generic`, …
    pub usage: String,
    /// The variables of the template; normally `code`.
    pub payload: Map<String, Value>,
    /// BCP 47 tag of the recipient's language.
    pub locale: Option<String>,
    /// For e-mail: the tenant's own template, which goes before the configuration's.
    pub template: Option<TenantTemplate>,
}

/// A template that the tenant's admin wrote, the same for every provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantTemplate {
    /// Subject.
    pub subject: String,
    /// Body.
    pub content: String,
    /// `text/html` (when absent) or `text/plain`.
    pub content_type: Option<String>,
    /// Address for answers.
    pub reply_to: Option<String>,
    /// Sender in place of the configured one.
    pub send_from: Option<String>,
}

impl Message {
    /// The phone number without its country code, where that is `country_code`. No country code begins with another one (ITU-T
    /// E.164 section 6.2.1), and numbers always carry theirs, so the first digits decide: what begins with 1 is North American,
    /// however much it looks like a mainland Chinese number of eleven digits.
    pub fn national(&self, country_code: &str) -> Option<&str> {
        self.to.strip_prefix(country_code)
    }

    /// A payload variable as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.payload.get(name).and_then(Value::as_str)
    }
}

/// What the provider said of an accepted message, such as its request id. Kept in the audit log.
#[derive(Debug, Clone, Default)]
pub struct Sent(pub Map<String, Value>);

impl Sent {
    /// Attaches a detail; absent ones are left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        if !value.is_null() {
            self.0.insert(name.to_owned(), value);
        }
        self
    }
}

/// A connector that sends text messages.
pub trait Sms: Connector {
    /// Delivers one message.
    fn send(config: &Self::Config, message: &Message) -> Result<Sent, Failure>;
}

/// A connector that sends e-mail.
pub trait Email: Connector {
    /// Delivers one message.
    fn send(config: &Self::Config, message: &Message) -> Result<Sent, Failure>;
}

fn read(message: types::Message) -> Result<Message, Failure> {
    let payload = serde_json::from_str(&message.payload)
        .map_err(|error| Failure::new(code::GENERAL, format!("The payload is not a JSON object: {error}")))?;
    let template = message.template.as_deref().map(serde_json::from_str).transpose();
    let template = template.map_err(|error| Failure::new(code::GENERAL, format!("The tenant's template: {error}")))?;
    Ok(Message { to: message.to, usage: message.usage, payload, locale: message.locale, template })
}

/// The exported form of a send function.
#[doc(hidden)]
pub type SendFn = fn(&str, types::Message) -> Result<String, types::Failure>;

/// Parses both arguments and sends.
#[doc(hidden)]
pub fn send_sms<C: Sms>(config: &str, message: types::Message) -> Result<String, types::Failure> {
    let Sent(details) = C::send(&parse::<C>(config)?, &read(message)?)?;
    Ok(Value::Object(details).to_string())
}

/// Parses both arguments and sends.
#[doc(hidden)]
pub fn send_email<C: Email>(config: &str, message: types::Message) -> Result<String, types::Failure> {
    let Sent(details) = C::send(&parse::<C>(config)?, &read(message)?)?;
    Ok(Value::Object(details).to_string())
}
