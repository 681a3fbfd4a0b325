//! OAuth 2.1 and OpenID Connect: one file per endpoint.

mod authorize;
mod client;
mod end_session;
mod exchange;
mod grants;
mod introspection;
mod revocation;
mod token;
mod userinfo;

pub use authorize::{AuthorizationAnswer, AuthorizationParameters, Authorized};
pub use client::ClientCredentials;
pub use end_session::{EndSession, SignedOut};
pub(crate) use grants::hold_application;
pub use token::{TokenParameters, TokenResponse};
