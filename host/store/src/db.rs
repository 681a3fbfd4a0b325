//! The store: its connections, and how work on them begins.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use keyway_model::Rng;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, Connection as _, Executor as _};

use crate::StoreError;
use crate::configuration::Versions;
use crate::migrations;
use crate::tx::{Connection, Tx};
use crate::writer::Writer;

/// Runs of one transaction that PostgreSQL ends in favour of others, before its caller hears of it.
const RUNS: u32 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The database.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
    /// That of SQLite.
    writer: Option<Arc<Writer>>,
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
        let writer = match dialect {
            Dialect::Sqlite => {
                let mut connection = AnyConnection::connect_with(&options).await?;
                connection.execute(SQLITE_SETTINGS).await?;
                Some(Arc::new(Writer::new(connection)))
            }
            Dialect::Postgres => None,
        };
        let versions: Arc<Versions> = Arc::default();
        if dialect == Dialect::Postgres {
            tokio::spawn(listen(url, Arc::downgrade(&versions)));
        }
        Ok(Self { pool, dialect, writer, rng, transactions: Arc::default(), statements: Arc::default(), versions })
    }

    fn tx(&self, connection: Connection) -> Tx {
        let is_sqlite = self.dialect == Dialect::Sqlite;
        Tx::new(connection, is_sqlite, Arc::clone(&self.statements), Arc::clone(&self.versions))
    }

    /// Runs `job` on a connection outside a transaction, for reads.
    pub async fn read<T, E: From<StoreError>>(&self, job: impl AsyncFnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let connection = self.pool.acquire().await.map_err(StoreError::from)?;
        job(&mut self.tx(Connection::Reader(connection))).await
    }

    /// Begins a transaction. On SQLite it waits for its turn: who has one and asks for another waits for ever.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        let connection = match &self.writer {
            Some(writer) => Connection::Sqlite(writer.turn().await?),
            None => Connection::Postgres(self.pool.begin().await?),
        };
        Ok(self.tx(connection))
    }

    /// Runs `job` in a transaction; its error rolls back. Success means durable.
    ///
    /// PostgreSQL ends one of several transactions that wait for each other; the store runs it again, a few times at most. So
    /// a job changes nothing but what it owns and the database.
    pub async fn write<T, E: From<StoreError>>(
        &self,
        job: impl AsyncFnOnce(&mut Tx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        if self.dialect == Dialect::Postgres {
            for run in 1..RUNS {
                match self.write_once(job.clone()).await {
                    Err((_, true)) => tokio::time::sleep(self.pause(run)).await,
                    done => return done.map_err(|(error, _)| error),
                }
            }
        }
        self.write_once(job).await.map_err(|(error, _)| error)
    }

    /// One run; an error with whether another run may do better.
    async fn write_once<T, E: From<StoreError>>(
        &self,
        job: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, (E, bool)> {
        let failed = |error: StoreError| {
            let yielded = error.is_yielded();
            (E::from(error), yielded)
        };
        let mut tx = self.begin().await.map_err(failed)?;
        let result = job(&mut tx).await.map_err(|error| (error, tx.is_yielded()))?;
        tx.commit().await.map_err(failed)?;
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
        self.read(async |tx| tx.one(sqlx::query("SELECT id FROM tenants LIMIT 1")).await.map(|_| ())).await
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
