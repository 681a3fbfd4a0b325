//! The context of a use case: whose data it touches, who acts, where the request came from and when. Every use case takes it first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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

/// The request that a use case serves, as the audit log knows it.
#[derive(Debug, Default)]
pub struct RequestInfo {
    /// Its id, which the server's log lines hold, too.
    pub id: String,
    /// Method and route, such as `POST /api/roles`.
    pub operation: String,
    has_event: AtomicBool,
    targets: Mutex<Vec<(String, String)>>,
}

impl RequestInfo {
    /// A request by its id, with method and route.
    pub fn new(id: String, operation: String) -> Self {
        Self { id, operation, ..Self::default() }
    }

    /// Whether a use case wrote an event for it. What was written is undone with its transaction: it counts for requests that
    /// succeeded.
    pub fn has_event(&self) -> bool {
        self.has_event.load(Ordering::Relaxed)
    }

    /// Names something that the request is about where its route does not.
    pub(crate) fn note_target(&self, name: &str, id: &str) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.push((name.to_owned(), id.to_owned()));
    }

    /// What the request is about beyond its route.
    pub(crate) fn targets(&self) -> Vec<(String, String)> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn note_event(&self) {
        self.has_event.store(true, Ordering::Relaxed);
    }
}

/// The context of a use case.
#[derive(Clone)]
pub struct Cx {
    core: Arc<Core>,
    request: Arc<RequestInfo>,
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
        Self { core: Arc::clone(core), request: Arc::default(), tenant, actor, visitor, now: core.now() }
    }

    /// The context of the server's own work: seeding, jobs and commands.
    pub fn system(core: &Arc<Core>, tenant: TenantId) -> Self {
        Self::new(core, tenant, Actor::System, Visitor::default())
    }

    /// The same for a request that is known by its id.
    #[must_use]
    pub fn serving(self, request: Arc<RequestInfo>) -> Self {
        Self { request, ..self }
    }

    /// The same on the data of another tenant.
    #[must_use]
    pub fn within(&self, tenant: TenantId) -> Self {
        Self { tenant, ..self.clone() }
    }

    /// The request that is served.
    pub fn request(&self) -> &RequestInfo {
        &self.request
    }

    /// What the use case runs on.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Runs a job in a transaction, which PostgreSQL may have run again; an error undoes it.
    pub async fn write<T, E: From<StoreError>>(
        &self,
        job: impl AsyncFnOnce(&mut Tx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        self.core.store().write(job).await
    }

    /// Reads, outside of transactions.
    pub async fn read<T, E: From<StoreError>>(&self, job: impl AsyncFnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        self.core.store().read(job).await
    }

    /// Begins a transaction; dropped, it is undone.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.core.store().begin().await
    }
}
