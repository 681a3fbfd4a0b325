//! A transaction, as a value: what holds it may hand it on, and whoever drops it undoes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::any::AnyRow;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Executor as _, Transaction};

use crate::StoreError;
use crate::batch::{Batch, Held};
use crate::configuration::Versions;
use crate::writer::Turn;

/// Statements that one transaction may hold back.
const LATER: usize = 16;

pub(crate) type Query = sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments>;

/// What a transaction runs on.
pub(crate) enum Connection {
    /// No transaction: each statement alone, for reads.
    Reader(PoolConnection<Any>),
    /// PostgreSQL.
    Postgres(Transaction<'static, Any>),
    /// SQLite.
    Sqlite(Turn),
}

impl Connection {
    fn get(&mut self) -> &mut AnyConnection {
        match self {
            Self::Reader(connection) => connection,
            Self::Postgres(transaction) => transaction,
            Self::Sqlite(turn) => turn.connection(),
        }
    }
}

/// A transaction of [`crate::Store::begin`], or a connection of [`crate::Store::read`]. Dropped, also with a future that is
/// cancelled, it is undone; [`Self::commit`] keeps it.
pub struct Tx {
    connection: Connection,
    is_sqlite: bool,
    /// Whether this transaction changed the configuration of a tenant.
    pub(crate) configured: bool,
    /// Whether the database ended this transaction in favour of another.
    yielded: bool,
    later: Batch,
    /// Those of the whole store.
    statements: Arc<AtomicU64>,
    versions: Arc<Versions>,
}

impl Tx {
    pub(crate) fn new(
        connection: Connection,
        is_sqlite: bool,
        statements: Arc<AtomicU64>,
        versions: Arc<Versions>,
    ) -> Self {
        let later = Batch::default();
        Self { connection, is_sqlite, configured: false, yielded: false, later, statements, versions }
    }

    /// Keeps what was written. Success means durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { connection, later, configured, versions, .. } = self;
        let done = match connection {
            Connection::Reader(_) => Ok(()),
            Connection::Sqlite(turn) => turn.commit(later).await,
            Connection::Postgres(mut transaction) => match later.run_on_postgres(&mut transaction).await {
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

    /// Runs a statement before the next one that returns something, or before the commit. Its failure is the transaction's.
    pub(crate) async fn execute_later(&mut self, query: Query) -> Result<(), StoreError> {
        self.count_statement();
        let statement = Held::new(query)?;
        if !self.is_sqlite && self.later.clashes(&statement) {
            self.settle().await?;
        }
        self.later.push(statement);
        if self.later.len() == LATER { self.settle().await } else { Ok(()) }
    }

    /// Begins a part of the transaction that can be undone alone; [`Self::end_part`] ends it.
    pub async fn begin_part(&mut self) -> Result<(), StoreError> {
        self.settle().await?;
        self.connection.get().execute("SAVEPOINT part").await?;
        Ok(())
    }

    /// Keeps what was written since [`Self::begin_part`], or undoes it where the outcome is an error: what was written before,
    /// and what follows, stays.
    pub async fn end_part<T, E: From<StoreError>>(&mut self, outcome: Result<T, E>) -> Result<T, E> {
        let outcome = match outcome {
            Ok(value) => self.settle().await.map(|()| value).map_err(E::from),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.later = Batch::default();
            self.connection.get().execute("ROLLBACK TO SAVEPOINT part").await.map_err(StoreError::from)?;
        }
        self.connection.get().execute("RELEASE SAVEPOINT part").await.map_err(StoreError::from)?;
        outcome
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        let later = std::mem::take(&mut self.later);
        let connection = self.connection.get();
        let sent = match self.is_sqlite {
            _ if later.len() == 0 => Ok(()),
            true => later.run_on_sqlite(connection, "").await,
            false => later.run_on_postgres(connection).await,
        };
        self.noted(sent)
    }

    /// Remembers of a failure whether the transaction is to be run again: what the job makes of the error no longer tells.
    fn noted<T>(&mut self, outcome: Result<T, impl Into<StoreError>>) -> Result<T, StoreError> {
        outcome.map_err(|error| {
            let error = error.into();
            self.yielded |= error.is_yielded();
            error
        })
    }

    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        self.count_statement();
        self.settle().await?;
        let done = query.execute(self.connection.get()).await;
        Ok(self.noted(done)?.rows_affected())
    }

    pub(crate) async fn one(&mut self, query: Query) -> Result<Option<AnyRow>, StoreError> {
        self.count_statement();
        self.settle().await?;
        let found = query.fetch_optional(self.connection.get()).await;
        self.noted(found)
    }

    pub(crate) async fn all(&mut self, query: Query) -> Result<Vec<AnyRow>, StoreError> {
        self.count_statement();
        self.settle().await?;
        let found = query.fetch_all(self.connection.get()).await;
        self.noted(found)
    }

    /// The statement for this database: where it differs.
    pub(crate) fn statement(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        if self.is_sqlite { sqlite } else { postgres }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.is_sqlite
    }
}
