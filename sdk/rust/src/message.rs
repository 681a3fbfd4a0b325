//! The trait of an SMS connector and the glue between it and the contract.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::bindings::keyway::connector::types;
use crate::{Failure, Manifest, code};

/// A message to deliver.
#[derive(Debug, Clone)]
pub struct Message {
    /// Phone number: digits with country code, no plus sign.
    pub to: String,
    /// Usage type: `SignIn`, `Register`, `ForgotPassword`, `Generic`, …
    pub usage: String,
    /// The variables of the template; normally `code`.
    pub payload: Map<String, Value>,
    /// BCP 47 tag of the recipient's language.
    pub locale: Option<String>,
}

impl Message {
    /// A payload variable as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.payload.get(name).and_then(Value::as_str)
    }
}

/// What the provider said of an accepted message, such as its request id. Kept in the audit log.
#[derive(Debug, Clone, Default)]
pub struct Sent(pub Map<String, Value>);

/// A connector that sends text messages.
pub trait Sms {
    /// The configuration; its JSON Schema is made from this type and drawn as the admin's form.
    type Config: DeserializeOwned + JsonSchema;

    /// Who the connector is and what it asks for.
    fn manifest() -> Manifest;

    /// Rules beyond the schema; the message names the field and what it should be.
    fn validate(_config: &Self::Config) -> Result<(), Failure> {
        Ok(())
    }

    /// Delivers one message.
    fn send(config: &Self::Config, message: &Message) -> Result<Sent, Failure>;
}

/// The manifest as JSON text.
pub fn describe<C: Sms>() -> String {
    C::manifest().build::<C::Config>().to_string()
}

fn parse<C: Sms>(config: &str) -> Result<C::Config, Failure> {
    serde_json::from_str(config).map_err(|error| Failure::new(code::INVALID_CONFIG, error.to_string()))
}

/// Parses the configuration and applies the connector's own rules.
pub fn validate<C: Sms>(config: &str) -> Result<(), types::Failure> {
    Ok(C::validate(&parse::<C>(config)?)?)
}

/// The exported form of [`send`].
pub type SendFn = fn(&str, types::Message) -> Result<String, types::Failure>;

/// Parses both arguments and sends.
pub fn send<C: Sms>(config: &str, message: types::Message) -> Result<String, types::Failure> {
    let config = parse::<C>(config)?;
    let payload = serde_json::from_str(&message.payload)
        .map_err(|error| Failure::new(code::GENERAL, format!("The payload is not a JSON object: {error}")))?;
    let message = Message { to: message.to, usage: message.usage, payload, locale: message.locale };
    let Sent(details) = C::send(&config, &message)?;
    Ok(Value::Object(details).to_string())
}
