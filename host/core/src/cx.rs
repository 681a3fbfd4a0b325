//! The context of a use case: whose data it touches, who acts, where the request came from and when. Every use case takes it first.

use std::sync::Arc;

use keyway_model::{ApplicationId, TenantId, Timestamp, UserId};
use keyway_store::{StoreError, Tx};

use crate::{Core, Visitor};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Actor {
    /// Nobody who is known: a visitor who has not signed in.
    #[default]
    Nobody,
    /// A user, on their own account.
    User(UserId),
    /// A program with a token of the Management API.
    Application(ApplicationId),
    /// An administrator at the console; a user of the operators' tenant.
    Administrator(UserId),
    /// The server itself: seeding, jobs and commands.
    System,
}

impl Actor {
    /// The kind of actor, as the audit log names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::User(_) => "user",
            Self::Application(_) => "application",
            Self::Administrator(_) => "administrator",
            Self::System => "system",
        }
    }

    /// The actor's id, where there is one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::User(id) | Self::Administrator(id) => Some(id.as_str()),
            Self::Application(id) => Some(id.as_str()),
            Self::Nobody | Self::System => None,
        }
    }
}

/// The context of a use case.
#[derive(Clone)]
pub struct Cx {
    core: Arc<Core>,
    /// Whose data is touched.
    pub tenant: TenantId,
    /// Who acts.
    pub actor: Actor,
    /// Where the request came from.
    pub visitor: Visitor,
    /// When the request arrived.
    pub now: Timestamp,
}

impl Cx {
    /// The context of a request, at this moment.
    pub fn new(core: &Arc<Core>, tenant: TenantId, actor: Actor, visitor: Visitor) -> Self {
        Self { core: Arc::clone(core), tenant, actor, visitor, now: core.now() }
    }

    /// What the use case runs on.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Begins a transaction; dropped, it is undone.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.core.store().begin().await
    }
}
