//! The store: its connections, and how work on them begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::Pool;
use keyway_model::Rng;

use crate::configuration::Versions;
use crate::sqlite::{Readers, Writer};
use crate::statement::query;
use crate::tx::{Tx, TxConnection};
use crate::{StoreError, postgres, sqlite};

/// Runs of one transaction that PostgreSQL ends in favour of others, before its caller hears of it.
const RUNS: u32 = 6;

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<Readers>, Arc<Writer>),
    Postgres(Pool),
}

/// The database.
#[derive(Clone)]
pub struct Store {
    database: Backend,
    rng: Arc<dyn Rng>,
    transactions: Arc<AtomicU64>,
    statements: Arc<AtomicU64>,
    pub(crate) versions: Arc<Versions>,
}

impl Store {
    /// Connects to `sqlite:<path>` or `postgres://…` and brings the schema up to date, one node at a time. The random source
    /// spreads transactions that are run again.
    pub async fn open(url: &str, rng: Arc<dyn Rng>) -> Result<Self, StoreError> {
        let versions: Arc<Versions> = Arc::default();
        let database = if url.starts_with("sqlite:") {
            let (readers, writer) = sqlite::open(url)?;
            Backend::Sqlite(Arc::new(readers), Arc::new(writer))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let address = postgres::Address::read(url, |name| std::env::var(name).ok())?;
            let pool = postgres::open(&address).await?;
            tokio::spawn(postgres::listen(address, Arc::downgrade(&versions)));
            Backend::Postgres(pool)
        } else {
            return Err(StoreError::Url);
        };
        Ok(Self { database, rng, transactions: Arc::default(), statements: Arc::default(), versions })
    }

    /// Whether it holds something that a master key sealed, also before its schema is there or up to date.
    pub async fn has_secrets(&self) -> Result<bool, StoreError> {
        self.read(async |tx| {
            let table = tx.statement(
                "SELECT COUNT(*) AS total FROM sqlite_master WHERE name = 'signing_keys'",
                "SELECT COUNT(*) AS total FROM pg_class WHERE oid = to_regclass('signing_keys')",
            );
            let mut total = 0;
            for statement in [table, "SELECT COUNT(*) AS total FROM signing_keys"] {
                total = tx.one(query(statement)).await?.map_or(Ok(0), |row| row.get("total"))?;
                if total == 0 {
                    break;
                }
            }
            Ok::<_, StoreError>(total > 0)
        })
        .await
    }

    fn tx(&self, connection: TxConnection) -> Tx {
        Tx::new(connection, Arc::clone(&self.statements), Arc::clone(&self.versions))
    }

    /// Runs `job` on a connection outside a transaction, for reads.
    pub async fn read<T, E: From<StoreError>>(&self, job: impl AsyncFnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let connection = match &self.database {
            Backend::Sqlite(readers, _) => TxConnection::SqliteReader(readers.reader().await?),
            Backend::Postgres(pool) => TxConnection::PostgresReader(pool.get().await.map_err(StoreError::from)?),
        };
        job(&mut self.tx(connection)).await
    }

    /// Begins a transaction. On SQLite it waits for its turn: who has one and asks for another waits for ever.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        let connection = match &self.database {
            Backend::Sqlite(_, writer) => TxConnection::Sqlite(writer.turn().await?),
            Backend::Postgres(pool) => TxConnection::PostgresIdle(pool.clone()),
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
        if let Backend::Postgres(_) = self.database {
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
            let yielded = matches!(error, StoreError::Yielded);
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
        match self.database {
            Backend::Sqlite(..) => "SQLite",
            Backend::Postgres(_) => "PostgreSQL",
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
        self.read(async |tx| tx.one(query("SELECT id FROM tenants LIMIT 1")).await.map(|_| ())).await
    }
}
