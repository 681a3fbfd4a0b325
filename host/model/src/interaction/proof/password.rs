//! Proof by the account's password.

use crate::UserId;
use crate::identifier::Identifier;

/// A password that was right.
#[derive(Debug, Clone)]
pub struct PasswordProof {
    /// What was typed beside it.
    pub identifier: Identifier,
    /// The account whose password it is.
    pub user_id: UserId,
}
