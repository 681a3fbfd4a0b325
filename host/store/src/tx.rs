//! A transaction, as a value: what holds it may hand it on, and whoever drops it undoes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::{Client, Pool};

use crate::StoreError;
use crate::configuration::Versions;
use crate::postgres::{self, StatementAnswer, Transaction};
use crate::sqlite::{self, Reader, WriterTurn};
use crate::statement::{Query, Row, query};

/// Statements that one transaction may hold back.
const LATER: usize = 16;

/// What a transaction runs on.
pub(crate) enum TxConnection {
    /// SQLite, each statement alone, for reads.
    SqliteReader(Reader),
    /// SQLite.
    Sqlite(WriterTurn),
    /// PostgreSQL, each statement alone, for reads.
    PostgresReader(Client),
    /// PostgreSQL, before the first trip.
    PostgresIdle(Pool),
    /// PostgreSQL.
    Postgres(Transaction),
}

impl TxConnection {
    fn sqlite(&mut self) -> Result<&mut rusqlite::Connection, StoreError> {
        match self {
            Self::SqliteReader(reader) => reader.connection(),
            Self::Sqlite(turn) => turn.connection(),
            Self::PostgresReader(_) | Self::PostgresIdle(_) | Self::Postgres(_) => Err(StoreError::Aborted),
        }
    }
}

/// A part that can be undone alone.
#[derive(Clone, Copy)]
struct Part {
    /// How many statements were held back when it began.
    held: usize,
    /// Whether there is a savepoint for it. What only read and held back needs none.
    is_saved: bool,
}

/// A transaction of [`crate::Store::begin`], or a connection of [`crate::Store::read`]. Dropped, also with a future that is
/// cancelled, it is undone; [`Self::commit`] keeps it.
pub struct Tx {
    /// Absent while a thread has it, and for good where the caller did not wait for that.
    connection: Option<TxConnection>,
    is_sqlite: bool,
    /// Whether this transaction changed the configuration of a tenant.
    pub(crate) configured: bool,
    /// Whether the database ended this transaction in favour of another.
    yielded: bool,
    /// Statements that PostgreSQL gets with the next that is waited for.
    later: Vec<Query>,
    part: Option<Part>,
    /// Those of the whole store.
    statements: Arc<AtomicU64>,
    versions: Arc<Versions>,
}

impl Tx {
    pub(crate) fn new(connection: TxConnection, statements: Arc<AtomicU64>, versions: Arc<Versions>) -> Self {
        let is_sqlite = matches!(connection, TxConnection::Sqlite(_) | TxConnection::SqliteReader(_));
        let (connection, later) = (Some(connection), Vec::new());
        Self { connection, is_sqlite, configured: false, yielded: false, later, part: None, statements, versions }
    }

    /// Keeps what was written. Success means durable.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let done = match self.connection.take().ok_or(StoreError::Aborted)? {
            TxConnection::SqliteReader(_) | TxConnection::PostgresReader(_) => Ok(()),
            TxConnection::Sqlite(turn) => turn.commit().await,
            TxConnection::PostgresIdle(_) if self.later.is_empty() => Ok(()),
            TxConnection::PostgresIdle(pool) => Box::pin(self.commit_at_once(pool)).await,
            TxConnection::Postgres(transaction) => {
                self.later.push(postgres::commit());
                let done = Box::pin(postgres::run(transaction.client()?, &self.later)).await;
                done.map(|_| transaction.end())
            }
        };
        if self.configured {
            self.versions.expire();
        }
        done
    }

    /// A transaction that was never waited for: one statement is one by itself, several are framed.
    async fn commit_at_once(&mut self, pool: Pool) -> Result<(), StoreError> {
        let transaction = Transaction::new(pool.get().await?);
        if self.later.len() > 1 {
            self.later.insert(0, postgres::begin());
            self.later.push(postgres::commit());
        }
        let done = postgres::run(transaction.client()?, &self.later).await;
        done.map(|_| transaction.end())
    }

    /// Whether the database ended this transaction in favour of another, and the same again may do better.
    pub(crate) fn is_yielded(&self) -> bool {
        self.yielded
    }

    fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    fn sqlite(&mut self) -> Result<&mut rusqlite::Connection, StoreError> {
        self.connection.as_mut().ok_or(StoreError::Aborted)?.sqlite()
    }

    /// Sends what was held back, and this statement, whose answer it is. PostgreSQL's transaction begins with the first of them.
    async fn send(&mut self, last: Option<Query>) -> Result<StatementAnswer, StoreError> {
        let mut queries = std::mem::take(&mut self.later);
        queries.extend(last);
        if let Some(part) = &mut self.part {
            part.held = 0;
        }
        if let Some(TxConnection::PostgresIdle(pool)) = &self.connection {
            self.connection = Some(TxConnection::Postgres(Transaction::new(pool.get().await?)));
            queries.insert(0, postgres::begin());
        }
        let client = match self.connection.as_ref().ok_or(StoreError::Aborted)? {
            TxConnection::PostgresReader(client) => client,
            TxConnection::Postgres(transaction) => transaction.client()?,
            _ => return Err(StoreError::Aborted),
        };
        let answer = postgres::run(client, &queries).await;
        // What the job makes of the error no longer tells whether the transaction is to be run again.
        self.yielded |= matches!(answer, Err(StoreError::Yielded));
        answer
    }

    /// Runs a statement whose outcome nobody waits for: its failure is the transaction's. PostgreSQL, where each trip costs, gets it with
    /// the next one that returns something or with the commit.
    pub(crate) async fn execute_later(&mut self, query: Query) -> Result<(), StoreError> {
        self.count_statement();
        if self.is_sqlite {
            return sqlite::execute(self.sqlite()?, &query).map(|_| ());
        }
        self.later.push(query);
        if self.later.len() < LATER { Ok(()) } else { Box::pin(self.settle()).await }
    }

    /// Begins a part of the transaction that can be undone alone; [`Self::end_part`] ends it.
    pub fn begin_part(&mut self) -> Result<(), StoreError> {
        self.part = Some(Part { held: self.later.len(), is_saved: false });
        if self.is_sqlite { self.save_part() } else { Ok(()) }
    }

    /// Keeps what was written since [`Self::begin_part`], or undoes it where the outcome is an error: what was written before,
    /// and what follows, stays.
    pub async fn end_part<T, E: From<StoreError>>(&mut self, outcome: Result<T, E>) -> Result<T, E> {
        let outcome = match outcome {
            Ok(value) => Box::pin(self.settle()).await.map(|()| value).map_err(E::from),
            Err(error) => Err(error),
        };
        let Some(part) = self.part.take() else { return outcome };
        if outcome.is_err() {
            self.later.truncate(part.held);
        }
        if part.is_saved {
            if outcome.is_err() {
                self.frame("ROLLBACK TO SAVEPOINT part")?;
            }
            self.frame("RELEASE SAVEPOINT part")?;
            if outcome.is_err() {
                // PostgreSQL plans nothing in a transaction that failed: what follows waits until it has gone back.
                Box::pin(self.settle()).await?;
            }
        }
        outcome
    }

    /// Runs what frames a part, or holds it back with the part's statements.
    fn frame(&mut self, statement: &'static str) -> Result<(), StoreError> {
        if self.is_sqlite {
            return sqlite::execute(self.sqlite()?, &query(statement)).map(|_| ());
        }
        // Without a plan that is kept, which would have to be asked for while the part may have failed.
        self.later.push(query(statement).planned_anew());
        Ok(())
    }

    /// Makes sure that the part can be undone, before it writes for the first time.
    fn save_part(&mut self) -> Result<(), StoreError> {
        let Some(part) = self.part.as_mut().filter(|part| !part.is_saved) else { return Ok(()) };
        part.is_saved = true;
        let of_part = self.later.split_off(part.held);
        self.frame("SAVEPOINT part")?;
        self.later.extend(of_part);
        Ok(())
    }

    /// Sends what was held back, to hear whether it failed.
    async fn settle(&mut self) -> Result<(), StoreError> {
        if self.part.is_some_and(|part| self.later.len() > part.held) {
            self.save_part()?;
        }
        if self.later.is_empty() { Ok(()) } else { self.send(None).await.map(|_| ()) }
    }

    /// Runs a statement on PostgreSQL, with what was held back.
    async fn answer(&mut self, query: Query) -> Result<StatementAnswer, StoreError> {
        if !query.reads() || self.part.is_some_and(|part| self.later.len() > part.held) {
            self.save_part()?;
        }
        self.send(Some(query)).await
    }

    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        self.count_statement();
        if self.is_sqlite {
            return sqlite::execute(self.sqlite()?, &query);
        }
        // Boxed: use cases would carry what PostgreSQL's statements wait with many times, on SQLite for nothing.
        Ok(Box::pin(self.answer(query)).await?.changed)
    }

    pub(crate) async fn one(&mut self, query: Query) -> Result<Option<Row>, StoreError> {
        self.count_statement();
        if self.is_sqlite {
            return sqlite::rows(self.sqlite()?, &query, 1).map(|mut rows| rows.pop());
        }
        Ok(Box::pin(self.answer(query)).await?.rows.into_iter().next())
    }

    pub(crate) async fn all(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.count_statement();
        if self.is_sqlite {
            return sqlite::rows(self.sqlite()?, &query, usize::MAX);
        }
        Ok(Box::pin(self.answer(query)).await?.rows)
    }

    /// As [`Self::all`], for a statement that goes through many rows: SQLite has a thread of its own for it.
    pub(crate) async fn scan(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        if !self.is_sqlite {
            return self.all(query).await;
        }
        self.on_thread(move |connection| sqlite::rows(connection, &query, usize::MAX)).await
    }

    /// As [`Self::execute`], for a statement that changes many rows: SQLite has a thread of its own for it.
    pub(crate) async fn execute_on_many(&mut self, query: Query) -> Result<u64, StoreError> {
        if !self.is_sqlite {
            return self.execute(query).await;
        }
        self.on_thread(move |connection| sqlite::execute(connection, &query)).await
    }

    async fn on_thread<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.count_statement();
        let mut lent = self.connection.take().ok_or(StoreError::Aborted)?;
        let run = move || {
            let done = lent.sqlite().and_then(|connection| work(connection));
            (lent, done)
        };
        let (connection, done) = tokio::task::spawn_blocking(run).await.map_err(|_| StoreError::Aborted)?;
        self.connection = Some(connection);
        done
    }

    /// The statement for this database: where it differs.
    pub(crate) fn statement(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        if self.is_sqlite { sqlite } else { postgres }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.is_sqlite
    }
}
