//! SQLite has one writer: transactions take turns, and those that wait together are committed together, so that one flush to disk
//! makes many of them durable. Each runs in a savepoint of its own; its owner hears of success after the commit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use super::BUSY;
use crate::StoreError;

/// Transactions that one commit may carry.
const GROUP: usize = 64;

struct Shared {
    connection: Connection,
    /// Whether a transaction is open; it holds what `done` waits for.
    is_open: bool,
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
    /// Absent once the turn is over.
    shared: Option<OwnedMutexGuard<Shared>>,
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
    fn run(&self, statement: &'static str) -> Result<(), StoreError> {
        self.connection.prepare_cached(statement)?.raw_execute()?;
        Ok(())
    }

    /// Opens a transaction that waits `patience` at most for another program that writes.
    fn open(&mut self, patience: Duration) -> Result<(), StoreError> {
        self.connection.busy_timeout(patience)?;
        self.run("BEGIN IMMEDIATE")?;
        self.is_open = true;
        Ok(())
    }

    /// Commits what is there.
    fn flush(&mut self) {
        if !self.is_open {
            return;
        }
        match self.run("COMMIT") {
            Ok(()) => self.end(|| Ok(())),
            Err(StoreError::Full) => self.abort(|| StoreError::Full),
            Err(_) => self.abort(|| StoreError::Aborted),
        }
    }

    fn abort(&mut self, error: impl Fn() -> StoreError) {
        let _ = self.run("ROLLBACK");
        self.end(|| Err(error()));
    }

    fn end(&mut self, outcome: impl Fn() -> Result<(), StoreError>) {
        self.is_open = false;
        for waiting in self.done.drain(..) {
            let _ = waiting.send(outcome());
        }
    }
}

/// Runs to its end also where the caller is gone.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Aborted)
}

impl Writer {
    /// The writer of a connection.
    pub fn new(connection: Connection) -> Self {
        let turns = Arc::new(Mutex::new(Shared { connection, is_open: false, done: Vec::new() }));
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
        let mut turn =
            Turn { shared: Some(shared), waiting: Arc::clone(&self.waiting), ended: Arc::clone(&self.ended) };
        match turn.start(Duration::ZERO) {
            Err(error) if is_busy(&error) => on_thread(move || turn.start(BUSY).map(|()| turn)).await?,
            started => started.map(|()| turn),
        }
    }
}

fn is_busy(error: &StoreError) -> bool {
    matches!(error, StoreError::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.ended.notify_one();
    }
}

impl Turn {
    fn shared(&self) -> Result<&Shared, StoreError> {
        self.shared.as_deref().ok_or(StoreError::Aborted)
    }

    /// Opens a savepoint, in a transaction that is open already where there is one.
    fn start(&mut self, patience: Duration) -> Result<(), StoreError> {
        let shared = self.shared.as_mut().ok_or(StoreError::Aborted)?;
        if !shared.is_open {
            shared.open(patience)?;
        }
        shared.run("SAVEPOINT job")
    }

    /// The connection.
    pub fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.shared.as_mut().map(|shared| &mut shared.connection).ok_or(StoreError::Aborted)
    }

    /// Commits, with those who wait for their turn. Success means durable.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.shared()?.run("RELEASE job")?;
        let mut shared = self.shared.take().ok_or(StoreError::Aborted)?;
        let (sender, receiver) = oneshot::channel();
        shared.done.push(sender);
        if self.waiting.load(Ordering::Relaxed) == 0 || shared.done.len() >= GROUP {
            // Not awaited: the answer comes through the channel.
            tokio::task::spawn_blocking(move || shared.flush());
        } else {
            drop(shared);
            self.ended.notify_one();
        }
        receiver.await.map_err(|_| StoreError::Aborted)?
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(shared) = &mut self.shared else { return };
        if shared.run("ROLLBACK TO job").and_then(|()| shared.run("RELEASE job")).is_err() {
            shared.abort(|| StoreError::Aborted);
        }
        if shared.is_open {
            self.ended.notify_one();
        }
    }
}

/// Commits after those who wait for their turn already: locks are given in the order in which they were asked for.
async fn commit_groups(turns: Weak<Mutex<Shared>>, ended: Arc<Notify>) {
    loop {
        ended.notified().await;
        let Some(turns) = turns.upgrade() else { return };
        let mut shared = turns.lock_owned().await;
        // Fails where the process ends; then nobody hears of success.
        let _ = on_thread(move || shared.flush()).await;
    }
}
