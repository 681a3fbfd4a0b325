//! A database of any earlier version, with rows in it, is brought up to date and loses nothing.

use std::path::Path;

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::{TenantId, Timestamp};
use keyway_store::{
    MasterKey, Page, Store, StoreError, applications, resources, role_assignments, sessions, user_search, users,
};
use sqlx::AnyPool;
use sqlx::migrate::Migrator;

use super::{empty_postgres, empty_sqlite, open};

/// Rows of what every version has.
const ROWS: &str = "INSERT INTO users (tenant_id, id, username, primary_phone, name, custom_data, profile, is_suspended, created_at, \
     updated_at) VALUES ('default', 'ann', 'Ann', '8613800000001', 'Ann Li', '{\"a\":1}', '{\"nickname\":\"A\"}', 0, 5, 5);
INSERT INTO applications (tenant_id, id, name, type, oidc_client_metadata, custom_client_metadata, custom_data, is_third_party, \
     created_at) VALUES ('default', 'app', 'App', 'SPA', '{\"redirectUris\":[\"https://app.example.com\"],\"postLogoutRedirectUris\":[]}', \
     '{}', '{}', 0, 5);
INSERT INTO resources (tenant_id, id, name, indicator, is_default, access_token_ttl, created_at) VALUES ('default', 'api', 'API', \
     'https://api.example.com', 0, 600, 5);
INSERT INTO scopes (tenant_id, id, resource_id, name, created_at) VALUES ('default', 'read', 'api', 'read', 5);
INSERT INTO roles (tenant_id, id, name, description, type, is_default) VALUES ('default', 'reader', 'reader', '', 'User', 0);
INSERT INTO role_scopes (tenant_id, role_id, scope_id) VALUES ('default', 'reader', 'read');
INSERT INTO user_roles (tenant_id, user_id, role_id) VALUES ('default', 'ann', 'reader');
INSERT INTO sessions (tenant_id, id, secret_hash, user_id, authenticated_at, expires_at) VALUES ('default', 's', 'hash', 'ann', 5, 100);
INSERT INTO logs (tenant_id, id, key, payload, user_id, created_at) VALUES ('default', 'l', 'Interaction.SignIn.Submit', '{}', 'ann', 5)";

/// The migration that writes each username in small letters, too.
const NAMES_IN_SMALL_LETTERS: i64 = 13;

/// The versions of a database's schema, oldest first.
async fn versions(database: &str) -> Vec<sqlx::migrate::Migration> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(database);
    Migrator::new(folder).await.unwrap().iter().cloned().collect()
}

async fn kept(store: &Store, version: i64) {
    let (tenant, ann) = (TenantId::default_tenant(), "ann".into());
    let read = store.write::<_, StoreError>(async |tx| {
        let user = users::find(tx, &tenant, &ann).await?.unwrap();
        assert_eq!((user.name.as_deref(), user.custom_data.len(), user.created_at), (Some("Ann Li"), 1, Timestamp(5)));
        // What a node of the version before writes into the newer schema is found as it is written.
        let in_small_letters = if version < NAMES_IN_SMALL_LETTERS { "ann" } else { "Ann" };
        for name in ["Ann", in_small_letters] {
            let identifier = Identifier { kind: IdentifierKind::Username, value: name.into() };
            assert_eq!(users::find_by_identifier(tx, &tenant, &identifier).await?.unwrap().id, ann);
        }
        assert_eq!(resources::scopes_of_user(tx, &tenant, &ann, "https://api.example.com").await?, ["read"]);
        assert_eq!(role_assignments::names_of_user(tx, &tenant, &ann).await?, ["reader"]);
        assert!(sessions::find(tx, &tenant, "hash", Timestamp(10)).await?.is_some(), "nobody is signed out");
        let application = applications::find(tx, &tenant, &"app".into()).await?.unwrap();
        assert_eq!(application.oidc_client_metadata.redirect_uris, ["https://app.example.com"]);
        assert!(applications::secrets(tx, &tenant, &"app".into(), &MasterKey::new([7; 32])).await?.is_empty());
        // What a row holds of its other columns is written by a job; here at once.
        for (tenant, user) in users::outdated(tx, 10).await? {
            users::derive(tx, &tenant, &user).await?;
        }
        let page = Page { offset: 0, limit: 10 };
        assert_eq!(user_search::list(tx, &tenant, Some("nn Li"), page).await?.len(), 1);
        let mut ann = users::lock(tx, &tenant, &ann).await?.unwrap();
        let change = keyway_model::user::UserChange { is_suspended: Some(true), ..Default::default() };
        users::change(tx, &tenant, &mut ann, change).await
    });
    assert!(matches!(read.await, Ok(())), "from version {version}");
}

async fn from_every_version(database: &str) {
    let versions = versions(database).await;
    assert!(versions.len() > 10);
    for (place, version) in versions.iter().enumerate() {
        let (url, _folder) = if database == "sqlite" { empty_sqlite() } else { (empty_postgres().await, None) };
        let pool = AnyPool::connect(&if database == "sqlite" { format!("{url}?mode=rwc") } else { url.clone() })
            .await
            .unwrap();
        Migrator::with_migrations(versions[..=place].to_vec()).run(&pool).await.unwrap();
        sqlx::raw_sql(ROWS).execute(&pool).await.unwrap();
        pool.close().await;
        kept(&open(&url).await, version.version).await;
    }
}

#[tokio::test]
async fn rows_of_every_earlier_version_are_kept_on_sqlite() {
    sqlx::any::install_default_drivers();
    from_every_version("sqlite").await;
}

#[tokio::test]
async fn rows_of_every_earlier_version_are_kept_on_postgres() {
    sqlx::any::install_default_drivers();
    from_every_version("postgres").await;
}
