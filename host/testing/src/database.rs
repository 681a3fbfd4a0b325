//! A database of a test's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_store::Store;
use sqlx::Row as _;
use tokio::sync::OnceCell;

use crate::clock::Dice;

/// A database with today's schema and no rows but the migrations' own; a folder goes with the value, a PostgreSQL database with
/// its server.
pub struct Database {
    url: String,
    _folder: Option<tempfile::TempDir>,
}

/// Applies the migrations to an empty database; others begin as its copies.
async fn migrate(url: &str) {
    drop(Store::open(url, Arc::new(Dice::new(0))).await.unwrap());
}

/// The server's address without a database.
fn postgres_server() -> String {
    let url = std::env::var("KEYWAY_TEST_POSTGRES").expect("run the tests by `cargo xtask test`");
    url.rsplit_once('/').unwrap().0.to_owned()
}

/// Executes statements one after another, outside of any database of the tests.
async fn administer(statements: &[String]) {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&format!("{}/postgres", postgres_server())).await.unwrap();
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone())).execute(&pool).await.unwrap();
    }
    pool.close().await;
}

impl Database {
    /// A SQLite file.
    pub async fn sqlite() -> Self {
        static MODEL: OnceCell<Vec<u8>> = OnceCell::const_new();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyway.db");
        let url = format!("sqlite:{}", path.display());
        let model = MODEL.get_or_init(async || {
            let folder = tempfile::tempdir().unwrap();
            let (first, copy) = (folder.path().join("first.db"), folder.path().join("copy.db"));
            let first = format!("sqlite:{}", first.display());
            migrate(&first).await;
            sqlx::any::install_default_drivers();
            let pool = sqlx::AnyPool::connect(&first).await.unwrap();
            let statement = format!("VACUUM INTO '{}'", copy.display());
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
            pool.close().await;
            std::fs::read(copy).unwrap()
        });
        std::fs::write(path, model.await).unwrap();
        Self { url, _folder: Some(folder) }
    }

    /// A database on the server that `KEYWAY_TEST_POSTGRES` names.
    pub async fn postgres() -> Self {
        static MODEL: OnceCell<String> = OnceCell::const_new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let model = MODEL.get_or_init(async || {
            let model = format!("testing_{}", std::process::id());
            administer(&[format!("CREATE DATABASE {model}")]).await;
            migrate(&format!("{}/{model}", postgres_server())).await;
            // A database that somebody is connected to cannot be copied.
            let alone = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{model}'");
            administer(&[format!("ALTER DATABASE {model} ALLOW_CONNECTIONS false"), alone]).await;
            model
        });
        let model = model.await;
        let name = format!("{model}_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        administer(&[format!("CREATE DATABASE {name} TEMPLATE {model}")]).await;
        Self { url: format!("{}/{name}", postgres_server()), _folder: None }
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

    /// The tables of the product: without the databases' own, the migrations' and a full-text index's parts.
    pub async fn tables(&self) -> Vec<String> {
        let statement = if self.is_postgres() {
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        };
        let rows = sqlx::query(statement).fetch_all(&self.connect().await).await.unwrap();
        let names = rows.iter().map(|row| row.get::<String, _>("name"));
        names.filter(|name| name != "_sqlx_migrations" && !name.starts_with("user_search")).collect()
    }

    /// Everything that is stored, but bytes: by table, the texts of its rows.
    pub async fn texts(&self) -> Vec<(String, Vec<String>)> {
        let pool = self.connect().await;
        let all = async |statement: String| {
            let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(&pool).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>("text")).collect::<Vec<String>>()
        };
        let mut found = Vec::new();
        for table in self.tables().await {
            let statement = if self.is_postgres() {
                format!("SELECT CAST(one AS TEXT) AS text FROM {table} AS one")
            } else {
                let columns = all(format!("SELECT name AS text FROM pragma_table_info('{table}')")).await;
                let text =
                    |name: &String| format!("CASE WHEN typeof({name}) = 'blob' THEN '' ELSE COALESCE({name}, '') END");
                let texts: Vec<String> = columns.iter().map(text).collect();
                format!("SELECT {} AS text FROM {table}", texts.join(" || ' ' || "))
            };
            let texts = all(statement).await;
            found.push((table, texts));
        }
        found
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
