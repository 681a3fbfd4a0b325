//! Copies what was committed from the log into the file, beside the transactions, so that the log can begin again at its start.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::Connection;

use crate::StoreError;

/// Pages of the log that are not copied yet when a copy begins: 32 MB.
const LOG: i64 = 8192;

/// Who copies, for the thread that commits.
pub(crate) struct Checkpoints {
    begin: SyncSender<()>,
    ended: Receiver<()>,
    is_running: bool,
    limit: i64,
}

/// Pages in the log, and how many of them were copied.
struct Pages {
    log: i64,
    copied: i64,
}

fn run(connection: &Connection, statement: &'static str) -> Result<Pages, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    Ok(statement.query_row([], |row| Ok(Pages { log: row.get(1)?, copied: row.get(2)? }))?)
}

/// Copies as far as readers of older states let it. It flushes the log first and the file afterwards. What fails stays in the log.
fn copy(connection: &Connection) {
    if let Err(error) = run(connection, "PRAGMA wal_checkpoint(PASSIVE)") {
        tracing::warn!(%error, "the log of the database was not copied into the file, and grows");
    }
}

impl Checkpoints {
    /// Copies by `connection`, which is used for nothing else, when `limit` pages are there to copy.
    fn with_limit(connection: Connection, limit: i64) -> Result<Self, StoreError> {
        let (begin, begun) = sync_channel(1);
        let (end, ended) = sync_channel(1);
        let thread = std::thread::Builder::new().name("keyway-checkpoint".into());
        let work = move || {
            while begun.recv().is_ok() {
                copy(&connection);
                let _ = end.send(());
            }
        };
        thread.spawn(work).map_err(|_| StoreError::Aborted)?;
        Ok(Self { begin, ended, is_running: false, limit })
    }

    /// Copies by `connection`, which is used for nothing else.
    pub fn new(connection: Connection) -> Result<Self, StoreError> {
        Self::with_limit(connection, LOG)
    }

    /// Looks after the log: to be called after a commit on the writer's connection, before the next transaction begins.
    pub fn after_commit(&mut self, writer: &Connection) {
        if self.is_running {
            if self.ended.try_recv().is_ok() {
                self.is_running = false;
                // What was committed meanwhile: the log begins again only when all of it is copied and nobody writes.
                copy(writer);
            }
        } else if run(writer, "PRAGMA wal_checkpoint(NOOP)").is_ok_and(|pages| pages.log - pages.copied >= self.limit) {
            self.is_running = self.begin.try_send(()).is_ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_begins_again_while_transactions_follow_each_other_without_a_pause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyway.db");
        let open = || super::super::connect(&path).unwrap();
        let writer = open();
        writer.execute_batch("PRAGMA wal_autocheckpoint = 0; CREATE TABLE things (bytes BLOB)").unwrap();
        let mut checkpoints = Checkpoints::with_limit(open(), 20).unwrap();
        let mut longest = 0;
        let mut restarts = 0;
        while restarts < 3 {
            let before = run(&writer, "PRAGMA wal_checkpoint(NOOP)").unwrap().log;
            writer.execute("INSERT INTO things VALUES (zeroblob(5000))", []).unwrap();
            let after = run(&writer, "PRAGMA wal_checkpoint(NOOP)").unwrap().log;
            restarts += usize::from(after < before);
            longest = longest.max(after);
            checkpoints.after_commit(&writer);
        }
        assert!(longest >= 20, "{longest} pages");
    }
}
