//! A database of a test's own.

use sqlx::Row as _;
use std::sync::atomic::{AtomicU32, Ordering};

/// An empty database; a folder goes with the value, a PostgreSQL database with its server.
pub struct Database {
    url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    /// A SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("keyway.db").display());
        Self { url, _folder: Some(folder) }
    }

    /// A database on the server that `KEYWAY_TEST_POSTGRES` names.
    pub async fn postgres() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("KEYWAY_TEST_POSTGRES").expect("run the tests by `cargo xtask test`");
        let name = format!("testing_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&pool).await.unwrap();
        pool.close().await;
        let (server, _) = server.rsplit_once('/').unwrap();
        Self { url: format!("{server}/{name}"), _folder: None }
    }

    /// Its address, as `KEYWAY_DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// A connection beside the server's, for what no API shows, such as a row held by another transaction.
    pub async fn connect(&self) -> sqlx::AnyPool {
        sqlx::any::install_default_drivers();
        sqlx::AnyPool::connect(&self.url).await.unwrap()
    }
}

/// Waits until `count` connections of this PostgreSQL database wait for a row.
pub async fn waiting(pool: &sqlx::AnyPool, count: i64) {
    for _ in 0..20_000 {
        let row = sqlx::query(
            "SELECT COUNT(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        if row.fetch_one(pool).await.unwrap().try_get::<i64, _>("waiting").unwrap() >= count {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody waits for the row that is held");
}
