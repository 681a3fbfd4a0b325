//! The same contract for both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_model::user::{User, UserChange};
use keyway_model::{Rng, TenantId, Timestamp};
use keyway_store::{Store, StoreError, users as rows};

struct Fixed;

impl Rng for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

async fn open(url: &str) -> Store {
    Store::open(url, Arc::new(Fixed)).await.unwrap()
}

struct Database {
    store: Store,
    url: String,
    _folder: Option<tempfile::TempDir>,
}

/// The address of a file that is not there yet, and the folder that it will be in.
fn empty_sqlite() -> (String, Option<tempfile::TempDir>) {
    let folder = tempfile::tempdir().unwrap();
    (format!("sqlite:{}", folder.path().join("keyway.db").display()), Some(folder))
}

/// The address of a new database.
async fn empty_postgres() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = std::env::var("KEYWAY_TEST_POSTGRES").expect("run the tests by `cargo xtask test`");
    let name = format!("contract_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

async fn sqlite() -> Database {
    let (url, folder) = empty_sqlite();
    Database { store: open(&url).await, url, _folder: folder }
}

async fn postgres() -> Database {
    let url = empty_postgres().await;
    Database { store: open(&url).await, url, _folder: None }
}

/// Each function is a test on either database.
macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name(crate::sqlite().await.store).await;
            }
            #[tokio::test]
            async fn postgres() {
                super::$name(crate::postgres().await.store).await;
            }
        }
    )*};
}

mod access;
mod applications;
mod connectors;
mod jobs;
mod migrations;
mod password_costs;
mod people;
mod schema;
mod settings;
mod statements;
mod tenants;
mod tls;
mod tokens;
mod transactions;
mod user_lists;
mod users;

fn tenant() -> TenantId {
    TenantId::default_tenant()
}

fn user(id: &str, phone: Option<&str>) -> User {
    let mut user = User::new(id.into(), Timestamp(1));
    user.primary_phone = phone.map(ToOwned::to_owned);
    user
}

async fn insert(store: &Store, tenant: TenantId, user: User) -> Result<(), StoreError> {
    store.write(async move |tx| rows::insert(tx, &tenant, &user).await).await
}

async fn find(store: &Store, tenant: TenantId, id: &str) -> Option<User> {
    let id = id.into();
    store.read::<_, StoreError>(async move |tx| rows::find(tx, &tenant, &id).await).await.unwrap()
}

async fn change(store: &Store, id: &str, change: UserChange) {
    let id = id.into();
    store
        .write::<_, StoreError>(async move |tx| {
            let mut user = rows::lock(tx, &tenant(), &id).await?.unwrap();
            rows::change(tx, &tenant(), &mut user, change).await
        })
        .await
        .unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn information_disclosure_by_the_mode_of_the_database_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = folder.path().join("keyway.db");
    let store = open(&format!("sqlite:{}", path.display())).await;
    drop(store);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(!files.is_empty());
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", file.path().display());
    }
}
