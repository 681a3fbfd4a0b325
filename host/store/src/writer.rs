//! SQLite has one writer: transactions take turns, and those that wait together are committed together, so that one flush to disk
//! makes many of them durable. Each runs in a savepoint of its own; its owner hears of success after the commit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use sqlx::{AnyConnection, Executor as _};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use crate::StoreError;
use crate::batch::Batch;

/// Transactions that one commit may carry.
const GROUP: usize = 64;

/// What the connection is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No transaction.
    Closed,
    /// A transaction, and nothing since its last savepoint.
    Clean,
    /// A transaction, with what somebody writes or gave up writing since its last savepoint.
    Dirty,
}

struct Shared {
    connection: AnyConnection,
    phase: Phase,
    /// Who waits for the commit.
    done: Vec<oneshot::Sender<Result<(), StoreError>>>,
}

/// The one connection that writes.
pub(crate) struct Writer {
    turns: Arc<Mutex<Shared>>,
    /// How many wait for their turn.
    waiting: Arc<AtomicUsize>,
    /// Wakes who commits.
    ended: Arc<Notify>,
}

/// The connection, until it is dropped: what was written is undone unless [`Turn::commit`] was called.
pub(crate) struct Turn {
    shared: OwnedMutexGuard<Shared>,
    waiting: Arc<AtomicUsize>,
    ended: Arc<Notify>,
}

/// One more that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Starts a savepoint, in a transaction that is open where there is one.
    async fn open(&mut self) -> Result<(), StoreError> {
        if self.phase == Phase::Dirty && self.connection.execute("ROLLBACK TO job").await.is_err() {
            self.abort().await;
        }
        if self.phase == Phase::Closed {
            self.connection.execute("BEGIN IMMEDIATE; SAVEPOINT job").await?;
        }
        self.phase = Phase::Dirty;
        Ok(())
    }

    /// Commits what is there; what was given up is not.
    async fn flush(&mut self) {
        if self.phase == Phase::Dirty && self.connection.execute("ROLLBACK TO job").await.is_err() {
            self.abort().await;
        }
        if self.phase == Phase::Closed {
            return;
        }
        // The commit releases the savepoint that is still open.
        if self.connection.execute("COMMIT").await.is_ok() {
            self.phase = Phase::Closed;
            for waiting in self.done.drain(..) {
                let _ = waiting.send(Ok(()));
            }
        } else {
            self.abort().await;
        }
    }

    async fn abort(&mut self) {
        let _ = self.connection.execute("ROLLBACK").await;
        self.phase = Phase::Closed;
        for waiting in self.done.drain(..) {
            let _ = waiting.send(Err(StoreError::Aborted));
        }
    }
}

impl Writer {
    /// The writer of a connection.
    pub fn new(connection: AnyConnection) -> Self {
        let shared = Shared { connection, phase: Phase::Closed, done: Vec::new() };
        let turns = Arc::new(Mutex::new(shared));
        let ended = Arc::new(Notify::new());
        tokio::spawn(commit_groups(Arc::downgrade(&turns), Arc::clone(&ended)));
        Self { turns, waiting: Arc::default(), ended }
    }

    /// The next turn.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let waits = Waiting(&self.waiting);
        let shared = Arc::clone(&self.turns).lock_owned().await;
        drop(waits);
        let mut turn = Turn { shared, waiting: Arc::clone(&self.waiting), ended: Arc::clone(&self.ended) };
        if turn.shared.phase == Phase::Clean {
            turn.shared.phase = Phase::Dirty;
            return Ok(turn);
        }
        finished(async move {
            turn.shared.open().await?;
            Ok(turn)
        })
        .await
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.ended.notify_one();
    }
}

impl Turn {
    /// The connection.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.shared.connection
    }

    /// Writes what was held back and commits, with those who wait for their turn. Success means durable.
    pub async fn commit(mut self, later: Batch) -> Result<(), StoreError> {
        let committed = finished(async move {
            let is_last = self.waiting.load(Ordering::Relaxed) == 0;
            let tail = if is_last { "COMMIT" } else { "RELEASE job;SAVEPOINT job" };
            later.run_on_sqlite(self.connection(), tail).await?;
            let (sender, receiver) = oneshot::channel();
            self.shared.done.push(sender);
            if is_last {
                self.shared.phase = Phase::Closed;
                for waiting in self.shared.done.drain(..) {
                    let _ = waiting.send(Ok(()));
                }
            } else {
                self.shared.phase = Phase::Clean;
                if self.shared.done.len() >= GROUP {
                    self.shared.flush().await;
                }
            }
            Ok(receiver)
        });
        committed.await?.await.map_err(|_| StoreError::Aborted)?
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.shared.phase != Phase::Closed {
            self.ended.notify_one();
        }
    }
}

/// Runs to its end also where the caller is gone: half of a command would leave a connection of which nobody knows what it is in.
async fn finished<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work).await.map_err(|_| StoreError::Aborted)?
}

/// Commits after those who wait for their turn already: locks are given in the order in which they were asked for.
async fn commit_groups(turns: Weak<Mutex<Shared>>, ended: Arc<Notify>) {
    loop {
        ended.notified().await;
        let Some(turns) = turns.upgrade() else { return };
        turns.lock().await.flush().await;
    }
}
