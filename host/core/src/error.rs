//! The one error type of the use cases.

use keyway_model::oauth::OAuthError;
use keyway_model::{ErrorCode, Refusal};
use keyway_store::StoreError;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// A rule refused.
    #[error("{0}")]
    Refusal(#[from] Refusal),
    /// An OAuth rule refused.
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that cannot happen unless the machine is broken; the text is for the log alone.
    #[error("{0}")]
    Internal(&'static str),
}

impl From<ErrorCode> for CoreError {
    fn from(code: ErrorCode) -> Self {
        Self::Refusal(code.into())
    }
}
