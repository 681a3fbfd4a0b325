//! Why nothing was done about a connector.

use keyway_model::Detail;
use keyway_sandbox::CallError;
use keyway_store::{Constraint, StoreError};

/// Why a connector was not set up, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// The connector is not there.
    #[error("not found")]
    NotFound,
    /// There is no factory of this id to set a connector up with.
    #[error("there is no such factory")]
    NoFactory,
    /// The component of the connector is not there any more.
    #[error("the connector's factory is gone")]
    FactoryGone,
    /// An id becomes a part of the callback's address.
    #[error("an id with other characters")]
    Id,
    /// The tenant has a connector of this id.
    #[error("the id is taken")]
    IdTaken,
    /// Which numbers it takes.
    #[error("a prefix that is no country code")]
    Prefix,
    /// A connector that is not standard is called what its manifest says.
    #[error("metadata of a connector that is not standard")]
    MetadataFixed,
    /// Metadata that nothing is known of.
    #[error("unknown metadata {0}")]
    UnknownMetadata(String),
    /// A standard connector is one of many, each with a target of its own.
    #[error("a standard connector without a target")]
    TargetMissing,
    /// Identities are kept under the target.
    #[error("the target stays as it is")]
    TargetFixed,
    /// Another connector keeps its identities under this target.
    #[error("the target is taken")]
    TargetTaken,
    /// The target is that of an official provider.
    #[error("the target is an official provider's")]
    TargetReserved,
    /// A second one of a factory that has one.
    #[error("the factory has a connector")]
    SecondOfFactory,
    /// Providers' tokens are not kept.
    #[error("tokens are not kept")]
    TokenStorage,
    /// A masked secret would be sent to another address than it was entered for.
    #[error("an address changed, and secrets have to be entered again")]
    SecretsRequired,
    /// The configuration is not what the schema and the marks ask for.
    #[error("the configuration: {0}")]
    Config(Detail),
    /// The component refuses the configuration, in its own words.
    #[error("{0}")]
    Rejected(String),
    /// The component cannot be loaded.
    #[error("the component cannot be loaded")]
    NotLoaded,
    /// The component failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Others kept changing what this change was judged by.
    #[error("others changed it meanwhile")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<Detail> for ConnectorError {
    fn from(detail: Detail) -> Self {
        Self::Config(detail)
    }
}

impl From<StoreError> for ConnectorError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unique(Constraint::ConnectorId) => Self::IdTaken,
            error => Self::Store(error),
        }
    }
}
