//! Why nothing was done about a tenant.

use keyway_model::{ErrorCode, Refusal};
use keyway_store::{Constraint, StoreError};

use crate::CoreError;

/// Why nothing was done about a tenant.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The tenant is not there.
    #[error("not found")]
    NotFound,
    /// The id is another tenant's, or was that of one deleted a moment ago.
    #[error("the id is taken")]
    IdInUse,
    /// The host is another tenant's.
    #[error("the host is taken")]
    AddressInUse,
    /// The address is in every token and in the settings of every application.
    #[error("the address cannot be changed")]
    AddressFixed,
    /// The two tenants that are always there stay.
    #[error("the tenant is always there")]
    Fixed,
    /// The id, the name or the address is none; says which.
    #[error("{0}")]
    Refused(#[source] Refusal),
    /// What a tenant starts with could not be made.
    #[error(transparent)]
    Core(CoreError),
}

impl From<StoreError> for TenantError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unique(Constraint::TenantId) => Self::IdInUse,
            StoreError::Unique(Constraint::TenantHost) => Self::AddressInUse,
            error => Self::Core(error.into()),
        }
    }
}

impl From<Refusal> for TenantError {
    fn from(refusal: Refusal) -> Self {
        if refusal.code == ErrorCode::TenantIdInUse { Self::IdInUse } else { Self::Refused(refusal) }
    }
}

impl From<CoreError> for TenantError {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Store(error) => error.into(),
            CoreError::Refusal(refusal) => refusal.into(),
            error => Self::Core(error),
        }
    }
}
