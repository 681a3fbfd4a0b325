//! Identities of outside providers: the traits of social connectors and the glue between them and the contract.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::bindings::imports::keyway::connector::types;
use crate::connector::parse;
use crate::{Connector, Failure, code};

/// The start of a sign-in.
#[derive(Debug, Clone)]
pub struct Start {
    /// Goes to the provider as it is; the server checks it when the browser is back.
    pub state: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// Id of the configured connector.
    pub connector_id: String,
    /// The browser's.
    pub user_agent: Option<String>,
    /// Scopes to ask for in place of the configured ones.
    pub scope: Option<String>,
}

/// The parameters with which the provider sent the browser back.
#[derive(Debug, Clone)]
pub struct Callback {
    /// All of them, and `redirectUri`.
    pub parameters: Map<String, Value>,
}

impl Callback {
    /// A parameter as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The authorization code, or the failure that the provider's parameters mean (RFC 6749 section 4.1.2.1).
    pub fn code(&self) -> Result<&str, Failure> {
        self.code_named("code")
    }

    /// As [`Self::code`], under the provider's own name.
    pub fn code_named(&self, name: &str) -> Result<&str, Failure> {
        if let Some(code) = self.text(name) {
            return Ok(code);
        }
        let error = self.text("error").unwrap_or("no code");
        let message = self.text("error_description").unwrap_or(error).to_owned();
        let kind = if error == "access_denied" { code::AUTHORIZATION_FAILED } else { code::GENERAL };
        Err(Failure::new(kind, message).with_data(json!({ "error": error })))
    }

    /// The redirect address that began the sign-in.
    pub fn redirect_uri(&self) -> Result<&str, Failure> {
        self.text("redirectUri").ok_or_else(|| Failure::new(code::GENERAL, "The callback has no redirectUri."))
    }

    /// All parameters as a type of the connector's own.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_value(Value::Object(self.parameters.clone())).map_err(|error| {
            Failure::new(code::GENERAL, format!("The provider's callback is not as expected: {error}"))
        })
    }
}

/// Whom the provider vouches for.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// The provider's stable id of the user.
    pub id: String,
    /// Of a standard connector: which provider says so, such as a checked ID token's `iss`. The same id of another issuer is
    /// another person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The address as the provider has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the provider says that the address is this user's. Anything short of that is false: who can set the address
    /// freely at the provider would take over the account of its owner.
    pub email_verified: bool,
    /// The number as the provider has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether the provider says that the number is this user's.
    pub phone_verified: bool,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// The provider's own words.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub raw_data: Value,
}

/// A connector that signs in with an outside identity.
pub trait Social: Connector {
    /// The provider's address that the browser is sent to.
    fn authorization_uri(config: &Self::Config, start: &Start) -> Result<String, Failure>;

    /// The identity behind a callback.
    fn user_info(config: &Self::Config, callback: &Callback) -> Result<UserInfo, Failure>;
}

/// A social connector that hands over the provider's tokens.
pub trait SocialTokens: Social {
    /// The identity and the provider's token answer.
    fn tokens_and_user_info(config: &Self::Config, callback: &Callback) -> Result<(Value, UserInfo), Failure>;

    /// The provider's token answer to a refresh token.
    fn refresh(config: &Self::Config, refresh_token: &str) -> Result<Value, Failure>;
}

fn callback(text: &str) -> Result<Callback, Failure> {
    let parameters = serde_json::from_str(text)
        .map_err(|error| Failure::new(code::GENERAL, format!("The callback is not a JSON object: {error}")))?;
    Ok(Callback { parameters })
}

#[doc(hidden)]
pub fn authorization_uri<C: Social>(config: &str, start: &Start) -> Result<String, types::Failure> {
    Ok(C::authorization_uri(&parse::<C>(config)?, start)?)
}

#[doc(hidden)]
pub fn user_info<C: Social>(config: &str, text: &str) -> Result<String, types::Failure> {
    let info = C::user_info(&parse::<C>(config)?, &callback(text)?)?;
    Ok(json!(info).to_string())
}

#[doc(hidden)]
pub fn tokens_and_user_info<C: SocialTokens>(config: &str, text: &str) -> Result<String, types::Failure> {
    let (tokens, info) = C::tokens_and_user_info(&parse::<C>(config)?, &callback(text)?)?;
    Ok(json!({ "tokens": tokens, "userInfo": info }).to_string())
}

#[doc(hidden)]
pub fn refresh<C: SocialTokens>(config: &str, refresh_token: &str) -> Result<String, types::Failure> {
    Ok(C::refresh(&parse::<C>(config)?, refresh_token)?.to_string())
}
