//! What is refused about roles.

use keyway_store::{Constraint, StoreError};

use super::MAX_NAME;

/// Why nothing was done about a role.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The role, or what it is given to or taken from, is not there.
    #[error("not found")]
    NotFound,
    /// A scope is not there.
    #[error("a scope is not there")]
    NoSuchScope,
    /// The role holds the scope.
    #[error("the role holds the scope")]
    HoldsScope,
    /// A user has the role.
    #[error("a user has the role")]
    UserHasRole,
    /// An application has the role.
    #[error("an application has the role")]
    ApplicationHasRole,
    /// The tenant has a role of this name.
    #[error("the name is taken")]
    NameInUse,
    /// The length of the name.
    #[error("a name has 1 to {MAX_NAME} characters")]
    NameLength,
    /// Only a role for users is given to new users.
    #[error("a role for machines is given to new users")]
    DefaultForMachines,
    /// The Management API is for machines alone: a person's token that opened it would be a way up.
    #[error("a scope of the Management API in a role for users")]
    ManagementScopeForUsers,
    /// A role for machines is given to a user.
    #[error("a role for machines is given to a user")]
    UserNeedsUserRole,
    /// Users are added to a role for machines.
    #[error("users are added to a role for machines")]
    MachineRoleForUsers,
    /// A role for users is given to an application.
    #[error("a role for users is given to an application")]
    ApplicationNeedsMachineRole,
    /// The application acts for users, and has no roles of its own.
    #[error("the application is not machine-to-machine")]
    NotMachineToMachine,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RoleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unique(Constraint::RoleName) => Self::NameInUse,
            StoreError::Reference => Self::NoSuchScope,
            error => Self::Store(error),
        }
    }
}
