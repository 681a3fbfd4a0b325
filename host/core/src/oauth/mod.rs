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

pub(crate) use authorize::success;
pub use authorize::{AuthorizationAnswer, AuthorizationParameters, Authorized, authorize};
pub use client::ClientCredentials;
pub use end_session::{EndSession, SignedOut, end_session};
pub(crate) use grants::{code_to_be, hold_application};
pub use introspection::introspect_token;
pub use revocation::revoke_token;
pub use token::{TokenParameters, TokenResponse, token};
pub use userinfo::{userinfo, verify_management_token};
