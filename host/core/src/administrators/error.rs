//! Why nothing was done about an administrator.

use super::MAX_ADMINISTRATORS;
use crate::users::UserError;

/// Why an administrator was not made or removed.
#[derive(Debug, thiserror::Error)]
pub enum AdministratorError {
    /// There is no such administrator.
    #[error("there is no such administrator")]
    NotFound,
    /// An administrator who may do nothing.
    #[error("no duties are chosen")]
    NoDuties,
    /// There are as many as there can be.
    #[error("there are {MAX_ADMINISTRATORS} administrators already")]
    TooMany,
    /// Nobody removes themselves.
    #[error("one's own account")]
    OwnAccount,
    /// Somebody must be able to do everything.
    #[error("the last who may do everything")]
    Last,
    /// The link for the first administrator is over.
    #[error("the link is over")]
    LinkOver,
    /// The link is for the first, and there is one.
    #[error("there is an administrator already")]
    NotTheFirst,
    /// What is refused of any user.
    #[error("{0}")]
    User(#[source] UserError),
}

impl<E: Into<UserError>> From<E> for AdministratorError {
    fn from(error: E) -> Self {
        Self::User(error.into())
    }
}
