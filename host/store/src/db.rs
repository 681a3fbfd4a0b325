//! Connections and transactions.
//!
//! SQLite has one writer: jobs queue for it, and those that wait together are committed together, so that one flush to
//! disk makes many of them durable. Each runs in a savepoint of its own; a caller hears of success after the commit.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use keyway_model::Rng;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{AnyConnection, AnyPool, Connection as _, Executor as _};
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;
use crate::batch::{Batch, Held};
use crate::configuration::Versions;
use crate::migrations;

/// Jobs that one SQLite commit may carry.
const GROUP: usize = 64;

/// Statements that one transaction may hold back.
const LATER: usize = 16;

/// Runs of one transaction that PostgreSQL ends in favour of others, before its caller hears of it.
const RUNS: u32 = 6;

/// A boxed future that borrows the transaction.
pub type Job<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A connection, inside a transaction when it came from [`Store::write`].
pub struct Tx<'c> {
    connection: &'c mut AnyConnection,
    dialect: Dialect,
    /// Whether this transaction changed the configuration of a tenant.
    pub(crate) configured: bool,
    /// Whether the database ended this transaction in favour of another.
    yielded: bool,
    later: Batch,
    /// Those of the whole store.
    statements: Arc<AtomicU64>,
}

pub(crate) type Query = sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments>;

impl<'c> Tx<'c> {
    fn new(connection: &'c mut AnyConnection, dialect: Dialect, statements: Arc<AtomicU64>) -> Self {
        Self { connection, dialect, configured: false, yielded: false, later: Batch::default(), statements }
    }

    fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs a statement before the next one that returns something, or before the commit. Its failure is the transaction's.
    pub(crate) async fn execute_later(&mut self, query: Query) -> Result<(), StoreError> {
        self.count_statement();
        let statement = Held::new(query)?;
        if self.dialect == Dialect::Postgres && self.later.clashes(&statement) {
            self.settle().await?;
        }
        self.later.push(statement);
        if self.later.len() == LATER { self.settle().await } else { Ok(()) }
    }

    /// Begins a part of the transaction that can be undone alone; [`Self::end_part`] ends it.
    pub async fn begin_part(&mut self) -> Result<(), StoreError> {
        self.settle().await?;
        self.connection.execute("SAVEPOINT part").await?;
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
            self.connection.execute("ROLLBACK TO SAVEPOINT part").await.map_err(StoreError::from)?;
        }
        self.connection.execute("RELEASE SAVEPOINT part").await.map_err(StoreError::from)?;
        outcome
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        let later = std::mem::take(&mut self.later);
        let sent = match self.dialect {
            _ if later.len() == 0 => Ok(()),
            Dialect::Sqlite => later.run_on_sqlite(self.connection, "").await,
            Dialect::Postgres => later.run_on_postgres(self.connection).await,
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
        let done = query.execute(&mut *self.connection).await;
        Ok(self.noted(done)?.rows_affected())
    }

    pub(crate) async fn one(&mut self, query: Query) -> Result<Option<AnyRow>, StoreError> {
        self.count_statement();
        self.settle().await?;
        let found = query.fetch_optional(&mut *self.connection).await;
        self.noted(found)
    }

    pub(crate) async fn all(&mut self, query: Query) -> Result<Vec<AnyRow>, StoreError> {
        self.count_statement();
        self.settle().await?;
        let found = query.fetch_all(&mut *self.connection).await;
        self.noted(found)
    }

    /// The statement for this database: where it differs.
    pub(crate) fn statement(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        if self.is_sqlite() { sqlite } else { postgres }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }
}

type WriteJob = Box<dyn for<'t> FnOnce(Tx<'t>) -> Job<'t, Done> + Send>;
/// Absent when the job failed and is to be rolled back.
type Done = Option<(Batch, Report)>;
/// Called after the commit with what came of it.
type Report = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// The database.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
    writer: Option<mpsc::Sender<WriteJob>>,
    rng: Arc<dyn Rng>,
    transactions: Arc<AtomicU64>,
    statements: Arc<AtomicU64>,
    pub(crate) versions: Arc<Versions>,
}

/// Makes a database file that is not there yet, for its owner alone; SQLite gives the files beside it the same mode. What cannot be
/// made is for SQLite to report.
fn keep_private(url: &str) {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
    if path.is_empty() || path.starts_with(":memory:") || url.contains("mode=memory") {
        return;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

impl Store {
    /// Connects to `sqlite:<path>` or `postgres://…` and brings the schema up to date, one node at a time. The random source
    /// spreads transactions that are run again.
    pub async fn open(url: &str, rng: Arc<dyn Rng>) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let dialect = if url.starts_with("sqlite:") {
            Dialect::Sqlite
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Dialect::Postgres
        } else {
            return Err(StoreError::Url);
        };
        let url =
            if dialect == Dialect::Sqlite && !url.contains('?') { format!("{url}?mode=rwc") } else { url.to_owned() };
        if dialect == Dialect::Sqlite {
            keep_private(&url);
        }
        let options: AnyConnectOptions = url.parse().map_err(StoreError::Database)?;
        let pool = AnyPoolOptions::new()
            .max_connections(if dialect == Dialect::Sqlite { 4 } else { 16 })
            .test_before_acquire(false)
            // A file does not hang up; a server may, but not between two requests that follow each other.
            .before_acquire(move |connection, meta| {
                Box::pin(async move {
                    let quiet = dialect == Dialect::Postgres && meta.idle_for > Duration::from_secs(2);
                    if quiet { connection.ping().await.map(|()| true) } else { Ok(true) }
                })
            })
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if dialect == Dialect::Sqlite {
                        connection.execute(SQLITE_SETTINGS).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options.clone())
            .await?;
        migrations::of(dialect).run(&pool).await?;
        let statements: Arc<AtomicU64> = Arc::default();
        let writer = match dialect {
            Dialect::Sqlite => {
                let mut connection = AnyConnection::connect_with(&options).await?;
                connection.execute(SQLITE_SETTINGS).await?;
                let (sender, receiver) = mpsc::channel(1024);
                tokio::spawn(write_in_groups(connection, receiver, Arc::clone(&statements)));
                Some(sender)
            }
            Dialect::Postgres => None,
        };
        let versions: Arc<Versions> = Arc::default();
        if dialect == Dialect::Postgres {
            tokio::spawn(listen(url, Arc::downgrade(&versions)));
        }
        Ok(Self { pool, dialect, writer, rng, transactions: Arc::default(), statements, versions })
    }

    /// Runs `job` on a connection outside a transaction, for reads.
    pub async fn read<T, E: From<StoreError>>(
        &self,
        job: impl for<'t> FnOnce(&'t mut Tx<'_>) -> Job<'t, Result<T, E>>,
    ) -> Result<T, E> {
        let mut connection = self.pool.acquire().await.map_err(StoreError::from)?;
        let mut tx = Tx::new(&mut connection, self.dialect, Arc::clone(&self.statements));
        job(&mut tx).await
    }

    /// Runs `job` in a transaction; its error rolls back. Success means durable.
    ///
    /// PostgreSQL ends one of several transactions that wait for each other; the store runs it again, a few times at most. So
    /// a job changes nothing but what it owns and the database.
    pub async fn write<T, E>(
        &self,
        job: impl for<'t> FnOnce(&'t mut Tx<'_>) -> Job<'t, Result<T, E>> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        let Some(writer) = &self.writer else { return self.write_alone(job).await };
        let (sender, receiver) = oneshot::channel::<Result<T, E>>();
        let versions = Arc::clone(&self.versions);
        let boxed: WriteJob = Box::new(move |mut tx| {
            Box::pin(async move {
                let result = job(&mut tx).await;
                if result.is_err() {
                    let _ = sender.send(result);
                    return None;
                }
                let configured = tx.configured;
                let report: Report = Box::new(move |committed| {
                    if configured {
                        versions.expire();
                    }
                    let _ = sender.send(committed.map_err(E::from).and(result));
                });
                Some((tx.later, report))
            })
        });
        writer.send(boxed).await.map_err(|_| StoreError::Aborted)?;
        receiver.await.map_err(|_| StoreError::Aborted)?
    }

    async fn write_alone<T, E: From<StoreError>>(
        &self,
        job: impl for<'t> FnOnce(&'t mut Tx<'_>) -> Job<'t, Result<T, E>> + Clone,
    ) -> Result<T, E> {
        for run in 1..RUNS {
            match self.write_once(job.clone()).await {
                Err((_, true)) => tokio::time::sleep(self.pause(run)).await,
                done => return done.map_err(|(error, _)| error),
            }
        }
        self.write_once(job).await.map_err(|(error, _)| error)
    }

    /// One run; an error with whether another run may do better.
    async fn write_once<T, E: From<StoreError>>(
        &self,
        job: impl for<'t> FnOnce(&'t mut Tx<'_>) -> Job<'t, Result<T, E>>,
    ) -> Result<T, (E, bool)> {
        let failed = |error: StoreError| {
            let yielded = error.is_yielded();
            (E::from(error), yielded)
        };
        let mut transaction = self.pool.begin().await.map_err(|error| failed(error.into()))?;
        let mut tx = Tx::new(&mut transaction, self.dialect, Arc::clone(&self.statements));
        let result = job(&mut tx).await.map_err(|error| (error, tx.yielded))?;
        tx.settle().await.map_err(failed)?;
        let configured = tx.configured;
        let committed = transaction.commit().await;
        if configured {
            self.versions.expire();
        }
        committed.map_err(|error| failed(error.into()))?;
        Ok(result)
    }

    /// How long a transaction waits before it runs again: those that met would meet again if all waited as long.
    fn pause(&self, run: u32) -> Duration {
        let mut throw = [0];
        self.rng.fill(&mut throw);
        Duration::from_millis(u64::from(throw[0] % 16 + 4) << run)
    }

    /// The database's name.
    pub fn database(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
        }
    }

    /// Write transactions since the start.
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// Statements since the start, but for those that frame a transaction.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|tx| Box::pin(async move { tx.one(sqlx::query("SELECT id FROM tenants LIMIT 1")).await.map(|_| ()) }))
            .await
    }
}

/// Hears of other nodes' changes for as long as the store lives. A lost connection is made anew; what was announced
/// meanwhile may have been missed, so everything counts as changed then.
async fn listen(url: String, versions: Weak<Versions>) {
    loop {
        if let Ok(mut listener) = sqlx::postgres::PgListener::connect(&url).await
            && listener.listen("keyway_configuration").await.is_ok()
        {
            while let Some(versions) = versions.upgrade() {
                versions.expire();
                drop(versions);
                if !matches!(listener.try_recv().await, Ok(Some(_))) {
                    break;
                }
            }
        }
        if versions.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// WAL with a full flush at each commit: a commit that was reported survives a crash of process and machine.
const SQLITE_SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA busy_timeout = 10000; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;";

async fn write_in_groups(
    mut connection: AnyConnection,
    mut jobs: mpsc::Receiver<WriteJob>,
    statements: Arc<AtomicU64>,
) {
    while let Some(first) = jobs.recv().await {
        if connection.execute("BEGIN IMMEDIATE; SAVEPOINT job").await.is_err() {
            continue;
        }
        let mut done = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            let tx = Tx::new(&mut connection, Dialect::Sqlite, Arc::clone(&statements));
            let outcome = AssertUnwindSafe(job(tx)).catch_unwind().await.ok().flatten();
            let kept = match outcome {
                Some((later, report)) => {
                    match later.run_on_sqlite(&mut connection, "RELEASE job;SAVEPOINT job").await {
                        Ok(()) => {
                            done.push(report);
                            true
                        }
                        Err(error) => {
                            report(Err(error));
                            false
                        }
                    }
                }
                None => false,
            };
            if !kept && connection.execute("ROLLBACK TO job").await.is_err() {
                break;
            }
            if done.len() < GROUP {
                next = jobs.try_recv().ok();
            }
        }
        // The commit releases the savepoint that is still open.
        let committed = connection.execute("COMMIT").await.is_ok();
        if !committed {
            let _ = connection.execute("ROLLBACK").await;
        }
        for report in done {
            report(if committed { Ok(()) } else { Err(StoreError::Aborted) });
        }
    }
}
