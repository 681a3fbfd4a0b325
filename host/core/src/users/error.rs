//! Why nothing was done about a user.

use keyway_model::Refusal;
use keyway_model::identifier::IdentifierKind;
use keyway_store::{Constraint, StoreError};

use crate::CoreError;

/// Why a user was not made, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The user, the session or the identity is not there.
    #[error("not found")]
    NotFound,
    /// An id becomes a part of addresses.
    #[error("1 to 64 letters, digits, hyphens and underscores")]
    Id,
    /// The tenant has a user of this id.
    #[error("the id is taken")]
    IdTaken,
    /// A token whose subject is its own client is a program's: a user of that name would have its access.
    #[error("the id of an application")]
    IdOfApplication,
    /// Another user has this identifier.
    #[error("the {} is taken", .0.as_str())]
    Taken(IdentifierKind),
    /// Hashes of so many kinds wait for their users to sign in that one more would make guessing cheap, or signing in dear.
    #[error("the hash asks for too much work beside the others that wait")]
    HashTooDear,
    /// The password is not the user's.
    #[error("the password is wrong")]
    WrongPassword,
    /// What was given breaks a rule; says where.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The store or the machine failed.
    #[error(transparent)]
    Failed(CoreError),
}

impl From<StoreError> for UserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unique(Constraint::UserId) => Self::IdTaken,
            StoreError::Unique(Constraint::Username) => Self::Taken(IdentifierKind::Username),
            StoreError::Unique(Constraint::PrimaryEmail) => Self::Taken(IdentifierKind::Email),
            StoreError::Unique(Constraint::PrimaryPhone) => Self::Taken(IdentifierKind::Phone),
            error => Self::Failed(error.into()),
        }
    }
}

impl From<CoreError> for UserError {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Store(error) => error.into(),
            CoreError::Refusal(refusal) => Self::Refused(refusal),
            error => Self::Failed(error),
        }
    }
}
