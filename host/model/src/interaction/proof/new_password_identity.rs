//! A new username with a new password, for registration.

use crate::identifier::Identifier;
use crate::user::PasswordHash;

/// A username that was free, with its password.
#[derive(Debug, Clone)]
pub struct NewPasswordIdentity {
    /// The username.
    pub identifier: Identifier,
    /// Its password.
    pub password: PasswordHash,
}
