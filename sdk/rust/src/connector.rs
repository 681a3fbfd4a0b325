//! What every connector has in common: a configuration, a manifest, and rules that a schema cannot say.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::bindings::imports::keyway::connector::types;
use crate::{Failure, Manifest, code};

/// A connector of any kind.
pub trait Connector {
    /// The configuration; its JSON Schema is made from this type and drawn as the admin's form.
    type Config: DeserializeOwned + JsonSchema;

    /// Who the connector is and what it asks for.
    fn manifest() -> Manifest;

    /// Rules beyond the schema; the message names the field and what it should be.
    fn validate(_config: &Self::Config) -> Result<(), Failure> {
        Ok(())
    }
}

/// The manifest as JSON text.
#[doc(hidden)]
pub fn describe<C: Connector>() -> String {
    C::manifest().build::<C::Config>().to_string()
}

/// The configuration as the connector reads it.
pub(crate) fn parse<C: Connector>(config: &str) -> Result<C::Config, Failure> {
    serde_json::from_str(config).map_err(|error| Failure::new(code::INVALID_CONFIG, error.to_string()))
}

/// Parses the configuration and applies the connector's own rules.
#[doc(hidden)]
pub fn validate<C: Connector>(config: &str) -> Result<(), types::Failure> {
    Ok(C::validate(&parse::<C>(config)?)?)
}
