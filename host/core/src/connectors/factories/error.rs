//! Why nothing was done about a factory or a version of it.

use keyway_model::{ConnectorId, Detail, FactoryId};
use keyway_sandbox::LoadError;
use keyway_store::StoreError;
use keyway_store::connector_versions::StoredVersion;

use crate::connectors::trust::TrustError;

/// Why a version was not kept, approved, put to service or removed.
#[derive(Debug, thiserror::Error)]
pub enum FactoryError {
    /// The factory or the version is not there.
    #[error("not found")]
    NotFound,
    /// Too many uploads wait.
    #[error("too many uploads wait")]
    Busy,
    /// The operator's rule does not admit the component.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The tenant keeps as many versions or bytes as the operator allows.
    #[error("the quota is reached: {0:?}")]
    Quota(Quota),
    /// The disk is full; deleting versions makes room.
    #[error("the disk is full")]
    StorageFull,
    /// The component is refused, or cannot be loaded.
    #[error(transparent)]
    Component(#[from] LoadError),
    /// What is configured under an id would not fit a connector of another kind.
    #[error("{0} is a connector of another kind")]
    KindChanged(FactoryId),
    /// A field of the manifest is that of an official module.
    #[error("the manifest's {0} is that of an official module")]
    NameReserved(&'static str),
    /// Somebody else than the uploader has to approve it.
    #[error("another one has to approve it")]
    FourEyes,
    /// Nobody approved it yet.
    #[error("it is not approved")]
    NotApproved,
    /// It serves, or connectors are set up with it.
    #[error("it is in use")]
    InUse,
    /// Nothing served before, or nothing serves.
    #[error("there is no earlier version")]
    NoEarlierVersion,
    /// A stored configuration does not suit the version.
    #[error("the configuration of {connector} is refused: {cause}")]
    ConfigRefused {
        /// Whose configuration.
        connector: ConnectorId,
        /// Why not.
        cause: Detail,
    },
    /// Others kept changing what this change was judged by.
    #[error("others changed it meanwhile")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

/// Which of the operator's numbers is reached, and by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Versions of one factory.
    OfFactory(StoredVersion),
    /// Versions of all factories.
    Versions(StoredVersion),
    /// Bytes of all versions, and how many are allowed.
    Bytes(StoredVersion, i64),
}

impl From<StoreError> for FactoryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::StorageFull,
            error => Self::Store(error),
        }
    }
}
