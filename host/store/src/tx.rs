//! A transaction, as a value: what holds it may hand it on, and whoever drops it undoes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use crate::StoreError;
use crate::configuration::Versions;
use crate::postgres::{self, Batch};
use crate::sqlite::{self, Reader, Turn};
use crate::statement::{Query, Row, query};

/// Statements that one transaction may hold back.
const LATER: usize = 16;

/// What a transaction runs on.
pub(crate) enum Connection {
    /// SQLite, each statement alone, for reads.
    SqliteReader(Reader),
    /// SQLite.
    Sqlite(Turn),
    /// PostgreSQL, each statement alone, for reads.
    PostgresReader(PoolConnection<Postgres>),
    /// PostgreSQL, before the first statement: what only writes is one trip, without a frame around it.
    PostgresIdle(PgPool),
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// Either database, at the moment of a statement. What PostgreSQL's statements wait with is boxed: use cases would carry it many times,
/// on SQLite for nothing.
enum Database<'a> {
    /// Not shared: a future that holds it may move to another thread.
    Sqlite(&'a mut rusqlite::Connection),
    Postgres(&'a mut PgConnection),
}

impl Connection {
    fn database(&mut self) -> Result<Database<'_>, StoreError> {
        Ok(match self {
            Self::SqliteReader(reader) => Database::Sqlite(reader.connection()?),
            Self::Sqlite(turn) => Database::Sqlite(turn.connection()?),
            Self::PostgresReader(connection) => Database::Postgres(connection),
            Self::Postgres(transaction) => Database::Postgres(transaction),
            Self::PostgresIdle(_) => return Err(StoreError::Aborted),
        })
    }
}

/// A part that can be undone alone.
#[derive(Clone, Copy)]
struct Part {
    /// How many statements were held back when it began.
    held: usize,
    /// Whether the database has a savepoint for it. What only read and held back needs none: on PostgreSQL that saves two trips.
    is_saved: bool,
}

/// A transaction of [`crate::Store::begin`], or a connection of [`crate::Store::read`]. Dropped, also with a future that is
/// cancelled, it is undone; [`Self::commit`] keeps it.
pub struct Tx {
    /// Absent while a thread has it, and for good where the caller did not wait for that.
    connection: Option<Connection>,
    is_sqlite: bool,
    /// Whether this transaction changed the configuration of a tenant.
    pub(crate) configured: bool,
    /// Whether the database ended this transaction in favour of another.
    yielded: bool,
    later: Batch,
    part: Option<Part>,
    /// Those of the whole store.
    statements: Arc<AtomicU64>,
    versions: Arc<Versions>,
}

impl Tx {
    pub(crate) fn new(connection: Connection, statements: Arc<AtomicU64>, versions: Arc<Versions>) -> Self {
        let is_sqlite = matches!(connection, Connection::Sqlite(_) | Connection::SqliteReader(_));
        let (connection, later) = (Some(connection), Batch::default());
        Self { connection, is_sqlite, configured: false, yielded: false, later, part: None, statements, versions }
    }

    /// Keeps what was written. Success means durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { connection, later, configured, versions, .. } = self;
        let done = match connection.ok_or(StoreError::Aborted)? {
            Connection::SqliteReader(_) | Connection::PostgresReader(_) => Ok(()),
            Connection::Sqlite(turn) => turn.commit().await,
            Connection::PostgresIdle(_) if later.len() == 0 => Ok(()),
            Connection::PostgresIdle(pool) => match pool.acquire().await {
                Ok(mut connection) => Box::pin(later.run(&mut connection)).await,
                Err(error) => Err(error.into()),
            },
            Connection::Postgres(mut transaction) => match Box::pin(later.run(&mut transaction)).await {
                Ok(()) => transaction.commit().await.map_err(StoreError::from),
                Err(error) => Err(error),
            },
        };
        if configured {
            versions.expire();
        }
        done
    }

    /// Whether the database ended this transaction in favour of another, and the same again may do better.
    pub(crate) fn is_yielded(&self) -> bool {
        self.yielded
    }

    fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Where statements run; PostgreSQL's transaction begins with the first of them.
    async fn database(&mut self) -> Result<Database<'_>, StoreError> {
        if let Some(Connection::PostgresIdle(pool)) = &self.connection {
            self.connection = Some(Connection::Postgres(pool.begin().await?));
        }
        self.connection.as_mut().ok_or(StoreError::Aborted)?.database()
    }

    /// Remembers of a failure whether the transaction is to be run again: what the job makes of the error no longer tells.
    fn noted<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.yielded |= outcome.as_ref().is_err_and(StoreError::is_yielded);
        outcome
    }

    /// Runs a statement whose outcome nobody waits for: its failure is the transaction's. PostgreSQL, where each statement is a
    /// trip, gets several at once, before the next one that returns something or before the commit.
    pub(crate) async fn execute_later(&mut self, query: Query) -> Result<(), StoreError> {
        if self.is_sqlite {
            return self.execute(query).await.map(|_| ());
        }
        self.count_statement();
        if self.later.clashes(&query) {
            self.settle().await?;
        }
        self.later.push(query);
        if self.later.len() == LATER { self.settle().await } else { Ok(()) }
    }

    /// Begins a part of the transaction that can be undone alone; [`Self::end_part`] ends it.
    pub async fn begin_part(&mut self) -> Result<(), StoreError> {
        self.part = Some(Part { held: self.later.len(), is_saved: false });
        if self.is_sqlite { self.save_part().await } else { Ok(()) }
    }

    /// Keeps what was written since [`Self::begin_part`], or undoes it where the outcome is an error: what was written before,
    /// and what follows, stays.
    pub async fn end_part<T, E: From<StoreError>>(&mut self, outcome: Result<T, E>) -> Result<T, E> {
        let outcome = match outcome {
            Ok(value) => self.settle().await.map(|()| value).map_err(E::from),
            Err(error) => Err(error),
        };
        let Some(part) = self.part.take() else { return outcome };
        if outcome.is_err() {
            // A part that was saved has sent what was held back before it.
            self.later.split_off(if part.is_saved { 0 } else { part.held });
        }
        if part.is_saved {
            if outcome.is_err() {
                self.frame("ROLLBACK TO SAVEPOINT part").await?;
            }
            self.frame("RELEASE SAVEPOINT part").await?;
        }
        outcome
    }

    async fn frame(&mut self, statement: &'static str) -> Result<(), StoreError> {
        let done = match self.database().await? {
            Database::Sqlite(connection) => sqlite::execute(connection, &query(statement)),
            Database::Postgres(connection) => Box::pin(postgres::execute(connection, query(statement))).await,
        };
        self.noted(done).map(|_| ())
    }

    /// Makes sure that the part can be undone, before it writes for the first time.
    async fn save_part(&mut self) -> Result<(), StoreError> {
        let Some(part) = self.part.filter(|part| !part.is_saved) else { return Ok(()) };
        let of_part = self.later.split_off(part.held);
        self.send_held().await?;
        self.later = of_part;
        self.frame("SAVEPOINT part").await?;
        self.part = Some(Part { held: 0, is_saved: true });
        Ok(())
    }

    async fn send_held(&mut self) -> Result<(), StoreError> {
        let later = std::mem::take(&mut self.later);
        let sent = match self.database().await? {
            Database::Sqlite(_) => Ok(()),
            Database::Postgres(connection) => Box::pin(later.run(connection)).await,
        };
        self.noted(sent)
    }

    /// Sends what was held back.
    async fn settle(&mut self) -> Result<(), StoreError> {
        if self.part.is_some_and(|part| self.later.len() > part.held) {
            self.save_part().await?;
        }
        if self.later.len() == 0 {
            return Ok(());
        }
        if let Some(part) = &mut self.part {
            part.held = 0;
        }
        self.send_held().await
    }

    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        self.count_statement();
        self.save_part().await?;
        self.settle().await?;
        let done = match self.database().await? {
            Database::Sqlite(connection) => sqlite::execute(connection, &query),
            Database::Postgres(connection) => Box::pin(postgres::execute(connection, query)).await,
        };
        self.noted(done)
    }

    pub(crate) async fn one(&mut self, query: Query) -> Result<Option<Row>, StoreError> {
        self.count_statement();
        if !query.reads() {
            self.save_part().await?;
        }
        self.settle().await?;
        let found = match self.database().await? {
            Database::Sqlite(connection) => sqlite::rows(connection, &query, 1).map(|mut rows| rows.pop()),
            Database::Postgres(connection) => Box::pin(postgres::one(connection, query)).await,
        };
        self.noted(found)
    }

    pub(crate) async fn all(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.count_statement();
        if !query.reads() {
            self.save_part().await?;
        }
        self.settle().await?;
        let found = match self.database().await? {
            Database::Sqlite(connection) => sqlite::rows(connection, &query, usize::MAX),
            Database::Postgres(connection) => Box::pin(postgres::all(connection, query)).await,
        };
        self.noted(found)
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
            let done = match lent.database() {
                Ok(Database::Sqlite(connection)) => work(connection),
                Ok(Database::Postgres(_)) => Err(StoreError::Aborted),
                Err(error) => Err(error),
            };
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
