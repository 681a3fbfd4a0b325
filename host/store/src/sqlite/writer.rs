//! SQLite has one writer: transactions take turns, each in a savepoint of its own. A thread commits those that ended since it last
//! did, together, and flushes them to the disk while the next ones run; their owners hear of success after the flush.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::BUSY;
use super::checkpoint::Checkpoints;
use crate::StoreError;

/// Makes durable whatever was committed before it is called.
pub(crate) type Flush = Box<dyn FnMut() -> io::Result<()> + Send>;

type CommitOutcome = Result<(), StoreError>;

struct Shared {
    connection: Connection,
    /// Whether a transaction is open; it holds what `ended` waits for.
    is_open: bool,
    /// Whether a flush failed. Whatever is committed afterwards may be lost with what that flush did not keep.
    is_lost: bool,
    /// Who waits for the commit.
    ended: Vec<oneshot::Sender<CommitOutcome>>,
}

/// The one connection that writes.
pub(crate) struct Writer {
    turns: Arc<Mutex<Shared>>,
    /// Wakes who commits; gone with the last sender.
    wake: SyncSender<()>,
}

/// The connection, until it is dropped: what was written is undone unless [`WriterTurn::commit`] was called.
pub(crate) struct WriterTurn {
    /// Absent once the turn is over.
    shared: Option<OwnedMutexGuard<Shared>>,
    wake: SyncSender<()>,
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

    /// Commits what is there; who waits for the flush of it.
    fn commit(&mut self) -> Vec<oneshot::Sender<CommitOutcome>> {
        if !std::mem::take(&mut self.is_open) {
            return Vec::new();
        }
        match self.run("COMMIT") {
            Ok(()) => std::mem::take(&mut self.ended),
            Err(error) => {
                self.abort(matches!(error, StoreError::Full));
                Vec::new()
            }
        }
    }

    fn abort(&mut self, is_full: bool) {
        let _ = self.run("ROLLBACK");
        self.is_open = false;
        let error = || if is_full { StoreError::Full } else { StoreError::Aborted };
        answer(std::mem::take(&mut self.ended), || Err(error()));
    }
}

fn answer(waiting: Vec<oneshot::Sender<CommitOutcome>>, outcome: impl Fn() -> CommitOutcome) {
    for one in waiting {
        let _ = one.send(outcome());
    }
}

impl Writer {
    /// The writer of a connection that flushes nothing itself when it commits.
    pub fn new(connection: Connection, flush: Flush, checkpoints: Checkpoints) -> Result<Self, StoreError> {
        let shared = Shared { connection, is_open: false, is_lost: false, ended: Vec::new() };
        let turns = Arc::new(Mutex::new(shared));
        // One wish that waits stands for all.
        let (wake, woken) = sync_channel(1);
        let weak = Arc::downgrade(&turns);
        let thread = std::thread::Builder::new().name("keyway-commit".into());
        thread.spawn(move || commit_groups(&weak, &woken, flush, checkpoints)).map_err(|_| StoreError::Aborted)?;
        Ok(Self { turns, wake })
    }

    /// The next turn.
    pub async fn turn(&self) -> Result<WriterTurn, StoreError> {
        let shared = Arc::clone(&self.turns).lock_owned().await;
        let mut turn = WriterTurn { shared: Some(shared), wake: self.wake.clone() };
        match turn.start(Duration::ZERO) {
            Err(error) if is_busy(&error) => {
                let waiting = tokio::task::spawn_blocking(move || turn.start(BUSY).map(|()| turn));
                waiting.await.map_err(|_| StoreError::Aborted)?
            }
            started => started.map(|()| turn),
        }
    }
}

fn is_busy(error: &StoreError) -> bool {
    matches!(error, StoreError::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
}

impl WriterTurn {
    fn shared(&self) -> Result<&Shared, StoreError> {
        self.shared.as_deref().ok_or(StoreError::Aborted)
    }

    /// Opens a savepoint, in a transaction that is open already where there is one.
    fn start(&mut self, patience: Duration) -> Result<(), StoreError> {
        let shared = self.shared.as_mut().ok_or(StoreError::Aborted)?;
        if shared.is_lost {
            return Err(StoreError::Aborted);
        }
        if !shared.is_open {
            shared.open(patience)?;
        }
        shared.run("SAVEPOINT job")
    }

    /// The connection.
    pub fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.shared.as_mut().map(|shared| &mut shared.connection).ok_or(StoreError::Aborted)
    }

    /// Commits, with those who wait for their turn already. Success means durable.
    pub async fn commit(mut self) -> CommitOutcome {
        self.shared()?.run("RELEASE job")?;
        let mut shared = self.shared.take().ok_or(StoreError::Aborted)?;
        let (sender, outcome) = oneshot::channel();
        shared.ended.push(sender);
        drop(shared);
        let _ = self.wake.try_send(());
        outcome.await.map_err(|_| StoreError::Aborted)?
    }
}

impl Drop for WriterTurn {
    fn drop(&mut self) {
        let Some(shared) = &mut self.shared else { return };
        if shared.is_open && shared.run("ROLLBACK TO job").and_then(|()| shared.run("RELEASE job")).is_err() {
            shared.abort(false);
        }
        if shared.is_open {
            let _ = self.wake.try_send(());
        }
    }
}

/// Commits after those who wait for their turn already: locks are given in the order in which they were asked for.
fn commit_groups(turns: &Weak<Mutex<Shared>>, woken: &Receiver<()>, mut flush: Flush, mut checkpoints: Checkpoints) {
    while woken.recv().is_ok() {
        let Some(turns) = turns.upgrade() else { return };
        let mut shared = turns.blocking_lock();
        let waiting = shared.commit();
        checkpoints.after_commit(&shared.connection);
        drop(shared);
        if waiting.is_empty() {
            continue;
        }
        if let Err(error) = flush() {
            // The next flush may succeed although the disk lacks what this one was to keep, and a recovery ends there: nothing is
            // written any more until the process starts again and reads what there is.
            tracing::error!(%error, "the disk does not keep what is written: nothing is written until the server starts again");
            let mut shared = turns.blocking_lock_owned();
            shared.is_lost = true;
            shared.abort(false);
            return answer(waiting, || Err(StoreError::Aborted));
        }
        answer(waiting, || Ok(()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn writer(flush: Flush) -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE things (id INTEGER)").unwrap();
        let checkpoints = Checkpoints::new(Connection::open_in_memory().unwrap()).unwrap();
        Writer::new(connection, flush, checkpoints).unwrap()
    }

    async fn written(writer: &Writer, id: i64) -> WriterTurn {
        let mut turn = writer.turn().await.unwrap();
        turn.connection().unwrap().execute("INSERT INTO things VALUES (?1)", [id]).unwrap();
        turn
    }

    async fn things(writer: &Writer) -> i64 {
        let mut turn = writer.turn().await.unwrap();
        turn.connection().unwrap().query_row("SELECT COUNT(*) FROM things", [], |row| row.get(0)).unwrap()
    }

    #[tokio::test]
    async fn success_is_heard_after_the_flush_and_others_run_meanwhile() {
        let (began, begun) = channel();
        let (end, may_end) = channel::<()>();
        let writer = writer(Box::new(move || {
            began.send(()).unwrap();
            may_end.recv().map_err(io::Error::other)
        }));
        let mut first = tokio::spawn(written(&writer, 1).await.commit());
        let begun = tokio::task::spawn_blocking(move || begun.recv().map(|()| begun)).await.unwrap().unwrap();
        let second = tokio::spawn(written(&writer, 2).await.commit());
        let third = tokio::spawn(written(&writer, 3).await.commit());
        drop(written(&writer, 4).await);
        assert_eq!(things(&writer).await, 3, "the disk is busy, and transactions go on");
        assert!(futures_util::FutureExt::now_or_never(&mut first).is_none(), "not flushed");
        end.send(()).unwrap();
        first.await.unwrap().unwrap();
        end.send(()).unwrap();
        second.await.unwrap().unwrap();
        third.await.unwrap().unwrap();
        assert!(begun.try_recv().is_ok() && begun.try_recv().is_err(), "one flush for both");
    }

    #[tokio::test]
    async fn nothing_is_written_after_a_flush_that_failed() {
        let mut flushes = 0;
        let writer = writer(Box::new(move || {
            flushes += 1;
            if flushes == 1 { Ok(()) } else { Err(io::Error::other("no")) }
        }));
        written(&writer, 1).await.commit().await.unwrap();
        assert!(written(&writer, 2).await.commit().await.is_err());
        assert!(writer.turn().await.is_err());
    }
}
