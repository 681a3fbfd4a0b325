//! The same contract for both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{Interaction, Profile};
use keyway_model::oauth::{Authorization, Grant, StoredToken, TokenKind};
use keyway_model::session::Session;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::user::{User, UserChange};
use keyway_model::{Patch, Rng, TenantId, Timestamp, UserId};
use keyway_store::retention::{self, Retention};
use keyway_store::user_search::{self, Place};
use keyway_store::{
    Constraint, Page, Store, StoreError, Total, counters, interactions, sessions, sign_in_experiences, tokens, users,
};

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

async fn sqlite() -> Database {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("keyway.db").display());
    Database { store: open(&url).await, url, _folder: Some(folder) }
}

async fn postgres() -> Database {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = std::env::var("KEYWAY_TEST_POSTGRES").expect("run the tests by `cargo xtask test`");
    let name = format!("contract_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let url = format!("{server}/{name}");
    Database { store: open(&url).await, url, _folder: None }
}

macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::contract::$name(super::sqlite().await.store).await;
            }
            #[tokio::test]
            async fn postgres() {
                super::contract::$name(super::postgres().await.store).await;
            }
        }
    )*};
}

/// A second node on the same database.
async fn with_another_node(database: Database) {
    let other = open(&database.url).await;
    contract::a_change_of_configuration_shows_at_once_here_and_soon_on_other_nodes(database.store, other).await;
}

mod a_change_of_configuration_shows_at_once_here_and_soon_on_other_nodes {
    #[tokio::test]
    async fn sqlite() {
        super::with_another_node(super::sqlite().await).await;
    }
    #[tokio::test]
    async fn postgres() {
        super::with_another_node(super::postgres().await).await;
    }
}

/// Two that hold one row each and want the other's: PostgreSQL ends one of them.
#[tokio::test]
async fn a_transaction_that_a_deadlock_ended_runs_again() {
    let store = postgres().await.store;
    for id in ["ann", "bob"] {
        let ready = store.write::<_, StoreError>(move |tx| {
            Box::pin(async move {
                let user = User::new(id.into(), Timestamp(1));
                users::insert(tx, &TenantId::default_tenant(), &user).await
            })
        });
        ready.await.unwrap();
    }
    let (both, runs) = (Arc::new(tokio::sync::Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let rename = |first: &'static str, second: &'static str| {
        let (both, runs) = (Arc::clone(&both), Arc::clone(&runs));
        store.write::<_, StoreError>(move |tx| {
            Box::pin(async move {
                let tenant = TenantId::default_tenant();
                let mut user = users::lock(tx, &tenant, &first.into()).await?.unwrap();
                if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                    both.wait().await;
                }
                users::lock(tx, &tenant, &second.into()).await?.unwrap();
                let change = UserChange { name: Patch::Set(first.into()), ..UserChange::default() };
                users::change(tx, &tenant, &mut user, change).await
            })
        })
    };
    let (one, other) = tokio::join!(rename("ann", "bob"), rename("bob", "ann"));
    one.unwrap();
    other.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_transaction_that_always_yields_ends() {
    let database = postgres().await;
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = \
         '40001'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse()";
    sqlx::raw_sql(refuse).execute(&sqlx::AnyPool::connect(&database.url).await.unwrap()).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let refused = database.store.write::<_, StoreError>(move |tx| {
        Box::pin(async move {
            counted.fetch_add(1, Ordering::SeqCst);
            users::insert(tx, &TenantId::default_tenant(), &User::new("ann".into(), Timestamp(1))).await
        })
    });
    assert!(refused.await.unwrap_err().is_passing());
    assert_eq!(runs.load(Ordering::SeqCst), 6);
}

on_both! {
    users_are_kept_and_identifiers_are_unique
    idor_cross_tenant
    a_failed_transaction_leaves_nothing
    a_token_is_consumed_once_under_fifty_parallel_requests
    counters_count_under_fifty_parallel_requests_and_end
    steps_of_one_interaction_follow_each_other
    writes_that_are_sent_together_fail_together
    session_outlives_revocation
    search_takes_wildcards_literally
    users_are_found_by_any_part_of_a_name_or_an_identifier
    the_list_of_users_is_walked_both_ways
}

mod contract {
    use super::*;

    fn tenant() -> TenantId {
        TenantId::default_tenant()
    }

    fn user(id: &str, phone: Option<&str>) -> User {
        let mut user = User::new(id.into(), Timestamp(1));
        user.primary_phone = phone.map(ToOwned::to_owned);
        user
    }

    async fn insert(store: &Store, tenant: TenantId, user: User) -> Result<(), StoreError> {
        store.write(move |tx| Box::pin(async move { users::insert(tx, &tenant, &user).await })).await
    }

    async fn find(store: &Store, tenant: TenantId, id: &str) -> Option<User> {
        let id = id.into();
        store.read::<_, StoreError>(|tx| Box::pin(async move { users::find(tx, &tenant, &id).await })).await.unwrap()
    }

    async fn change(store: &Store, id: &str, change: UserChange) {
        let id = id.into();
        store
            .write::<_, StoreError>(move |tx| {
                Box::pin(async move {
                    let mut user = users::lock(tx, &tenant(), &id).await?.unwrap();
                    users::change(tx, &tenant(), &mut user, change).await
                })
            })
            .await
            .unwrap();
    }

    pub async fn users_are_kept_and_identifiers_are_unique(store: Store) {
        let mut ann = user("ann", Some("8613012345678"));
        ann.custom_data.insert("a".into(), 1.into());
        insert(&store, tenant(), ann.clone()).await.unwrap();
        assert_eq!(find(&store, tenant(), "ann").await.unwrap().custom_data, ann.custom_data);
        let taken = insert(&store, tenant(), user("bob", Some("8613012345678"))).await;
        assert!(matches!(taken, Err(StoreError::Unique(Constraint::PrimaryPhone))), "{taken:?}");
        let taken = insert(&store, tenant(), user("ann", None)).await;
        assert!(matches!(taken, Err(StoreError::Unique(Constraint::UserId))), "{taken:?}");
        insert(&store, tenant(), user("cat", None)).await.unwrap();
        insert(&store, tenant(), user("dog", None)).await.unwrap();
        let fields =
            UserChange { primary_phone: Patch::Clear, username: Patch::Set("Ann".into()), ..UserChange::default() };
        change(&store, "ann", fields).await;
        let kept = find(&store, tenant(), "ann").await.unwrap();
        assert_eq!((kept.custom_data, kept.primary_phone), (ann.custom_data.clone(), None));
        let identifier = Identifier { kind: IdentifierKind::Username, value: "Ann".into() };
        let found = store
            .read::<_, StoreError>(|tx| {
                Box::pin(async move { users::find_by_identifier(tx, &tenant(), &identifier).await })
            })
            .await;
        assert_eq!(found.unwrap().unwrap().id, ann.id);
    }

    pub async fn idor_cross_tenant(store: Store) {
        insert(&store, tenant(), user("ann", Some("1"))).await.unwrap();
        assert!(find(&store, TenantId::admin(), "ann").await.is_none());
        insert(&store, TenantId::admin(), user("ann", Some("1"))).await.unwrap();
        let deleted = store.write::<_, StoreError>(|tx| {
            Box::pin(async move { users::delete(tx, &TenantId::admin(), &"ann".into()).await })
        });
        assert!(deleted.await.unwrap());
        assert!(find(&store, tenant(), "ann").await.is_some());
    }

    pub async fn a_failed_transaction_leaves_nothing(store: Store) {
        let result: Result<(), StoreError> = store
            .write(|tx| {
                Box::pin(async move {
                    users::insert(tx, &tenant(), &user("ann", None)).await?;
                    Err(StoreError::Aborted)
                })
            })
            .await;
        assert!(result.is_err());
        assert!(find(&store, tenant(), "ann").await.is_none());
        insert(&store, tenant(), user("bob", None)).await.unwrap();
        assert!(find(&store, tenant(), "bob").await.is_some());
    }

    async fn with_application(store: &Store) {
        use keyway_model::application::{Application, ApplicationType, CustomClientMetadata, OidcClientMetadata};
        let application = Application {
            id: "app".into(),
            name: "App".into(),
            description: None,
            kind: ApplicationType::Traditional,
            oidc_client_metadata: OidcClientMetadata::default(),
            custom_client_metadata: CustomClientMetadata::default(),
            sign_in_experience: keyway_model::application::ApplicationExperience::default(),
            custom_data: serde_json::Map::new(),
            is_third_party: false,
            created_at: Timestamp(1),
        };
        store
            .write::<_, StoreError>(|tx| {
                Box::pin(async move { keyway_store::applications::insert(tx, &tenant(), &application).await })
            })
            .await
            .unwrap();
    }

    pub async fn a_token_is_consumed_once_under_fifty_parallel_requests(store: Store) {
        insert(&store, tenant(), user("ann", None)).await.unwrap();
        with_application(&store).await;
        let grant = Grant {
            id: "g".into(),
            user_id: "ann".into(),
            application_id: "app".into(),
            session_id: "s".into(),
            scope: "openid".into(),
            resources: vec!["https://api".into()],
            nonce: None,
            authenticated_at: Timestamp(1),
            credential_epoch: 0,
            created_at: Timestamp(1),
            revoked_at: None,
        };
        let token = StoredToken {
            hash: "h".into(),
            kind: TokenKind::Code,
            grant_id: "g".into(),
            redirect_uri: "https://a".into(),
            code_challenge: "c".into(),
            created_at: Timestamp(1),
            expires_at: Timestamp(60_000),
            consumed_at: None,
            scope: None,
        };
        store
            .write::<_, StoreError>(|tx| {
                Box::pin(async move {
                    tokens::insert_grant(tx, &tenant(), &grant).await?;
                    tokens::insert(tx, &tenant(), &token).await
                })
            })
            .await
            .unwrap();
        let tries = (0..50).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write::<_, StoreError>(|tx| {
                        Box::pin(async move { tokens::consume(tx, &tenant(), "h", Timestamp(2)).await })
                    })
                    .await
                    .unwrap()
            })
        });
        let mut won = 0;
        for attempt in tries.collect::<Vec<_>>() {
            won += u32::from(attempt.await.unwrap());
        }
        assert_eq!(won, 1);
        let found = store
            .read::<_, StoreError>(|tx| {
                Box::pin(async move { tokens::find(tx, &tenant(), TokenKind::Code, "h").await })
            })
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.0.consumed_at, found.1.resources), (Some(Timestamp(2)), vec!["https://api".to_owned()]));
    }

    pub async fn counters_count_under_fifty_parallel_requests_and_end(store: Store) {
        let add = |store: Store, now: i64| async move {
            store
                .write::<_, StoreError>(move |tx| {
                    Box::pin(async move {
                        let counter = |name: &str, keep| counters::Counter { name: name.into(), resolution: 1, keep };
                        let all = [counter("sends", 60), counter("a", 90)];
                        let mut found = counters::lock(tx, &tenant(), &all, Timestamp(now)).await?;
                        let mut open = HashMap::new();
                        for counter in &all {
                            let mut history = found.remove(&counter.name).unwrap();
                            history.count(Timestamp(now));
                            open.insert(counter.name.clone(), history.open(counter.keep, Timestamp(now)));
                            counters::write(tx, &tenant(), counter, history, Timestamp(now)).await?;
                        }
                        Ok(open)
                    })
                })
                .await
                .unwrap()
        };
        let mut counts = Vec::new();
        for handle in (0..50).map(|_| tokio::spawn(add(store.clone(), 0))).collect::<Vec<_>>() {
            counts.push(handle.await.unwrap()["sends"]);
        }
        counts.sort_unstable();
        assert_eq!(counts, (1..=50).collect::<Vec<_>>());
        let later = add(store.clone(), 60_000).await;
        assert_eq!((later["sends"], later["a"]), (1, 51));
        let swept = retention::sweep(&store, Retention::default(), Timestamp(200_000));
        assert_eq!(swept.await.unwrap(), 2);
    }

    pub async fn a_change_of_configuration_shows_at_once_here_and_soon_on_other_nodes(store: Store, other: Store) {
        let version =
            |node: Store, now: i64| async move { node.configuration_version(&tenant(), Timestamp(now)).await.unwrap() };
        let before = (version(store.clone(), 0).await, version(other.clone(), 0).await);
        let change = store.write::<_, StoreError>(|tx| {
            Box::pin(async move { sign_in_experiences::put(tx, &tenant(), &SignInExperience::default()).await })
        });
        change.await.unwrap();
        assert_eq!(version(store.clone(), 1).await, before.0 + 1);
        // PostgreSQL announces a change; without an announcement a version is trusted for half a second.
        let soon = version(other.clone(), 499).await;
        assert!([before.1, before.1 + 1].contains(&soon), "{soon}");
        assert_eq!(version(other.clone(), 500).await, before.1 + 1);
        let back = store.write::<(), StoreError>(|tx| {
            Box::pin(async move {
                sign_in_experiences::put(tx, &tenant(), &SignInExperience::default()).await?;
                Err(StoreError::Aborted)
            })
        });
        back.await.unwrap_err();
        assert_eq!(version(store.clone(), 10_000).await, before.0 + 1);
    }

    pub async fn writes_that_are_sent_together_fail_together(store: Store) {
        let user = |id: &str, name: &str| {
            let mut user = User::new(UserId(id.into()), Timestamp(1));
            user.set_identifier(&Identifier { kind: IdentifierKind::Username, value: name.into() });
            user
        };
        let insert = |users: Vec<User>| {
            store.write::<_, StoreError>(move |tx| {
                Box::pin(async move {
                    for user in &users {
                        users::insert(tx, &tenant(), user).await?;
                    }
                    Ok(())
                })
            })
        };
        let many: Vec<User> = (0..40).map(|n| user(&format!("many{n}"), &format!("many{n}"))).collect();
        insert(many).await.unwrap();
        let both = vec![user("a", "same"), user("b", "same")];
        let error = insert(both).await.unwrap_err();
        assert!(matches!(&error, StoreError::Unique(Constraint::Username)), "{error:?}");
        insert(vec![user("c", "same")]).await.unwrap();
        let count = store
            .read::<_, StoreError>(|tx| Box::pin(async move { user_search::count(tx, &tenant(), None, 100).await }));
        assert_eq!(count.await.unwrap(), Total { count: 41, is_capped: false });
    }

    pub async fn steps_of_one_interaction_follow_each_other(store: Store) {
        let interaction = Interaction {
            id: "i".into(),
            application_id: "app".into(),
            authorization: Authorization::default(),
            csrf: "0".into(),
            event: None,
            verifications: Vec::new(),
            social: None,
            user_id: None,
            credential_epoch: 0,
            profile: Profile::default(),
            work: None,
            created_at: Timestamp(0),
            expires_at: Timestamp(1000),
        };
        store
            .write::<_, StoreError>(|tx| {
                Box::pin(async move { interactions::insert(tx, &tenant(), "h", &interaction).await })
            })
            .await
            .unwrap();
        let step = |store: Store| async move {
            store
                .write::<_, StoreError>(|tx| {
                    Box::pin(async move {
                        let mut value = interactions::find(tx, &tenant(), "h", Timestamp(1)).await?.unwrap();
                        value.csrf = (value.csrf.parse::<u32>().unwrap() + 1).to_string();
                        interactions::update(tx, &tenant(), "h", &value).await
                    })
                })
                .await
                .unwrap();
        };
        for handle in (0..50).map(|_| tokio::spawn(step(store.clone()))).collect::<Vec<_>>() {
            handle.await.unwrap();
        }
        let read = |now| {
            let store = store.clone();
            async move {
                store
                    .read::<_, StoreError>(move |tx| {
                        Box::pin(async move { interactions::find(tx, &tenant(), "h", Timestamp(now)).await })
                    })
                    .await
                    .unwrap()
            }
        };
        assert_eq!(read(1).await.unwrap().csrf, "50");
        assert!(read(1000).await.is_none(), "expiry is checked on read, with no cleaner running");
    }

    pub async fn session_outlives_revocation(store: Store) {
        insert(&store, tenant(), user("ann", None)).await.unwrap();
        let session = Session {
            id: "s".into(),
            user_id: "ann".into(),
            authenticated_at: Timestamp(0),
            expires_at: Timestamp(1000),
            credential_epoch: 0,
            user_agent: None,
            ip: None,
        };
        store
            .write::<_, StoreError>(|tx| Box::pin(async move { sessions::insert(tx, &tenant(), "h", &session).await }))
            .await
            .unwrap();
        let find = |now| {
            let store = store.clone();
            async move {
                store
                    .read::<_, StoreError>(move |tx| {
                        Box::pin(async move { sessions::find(tx, &tenant(), "h", Timestamp(now)).await })
                    })
                    .await
                    .unwrap()
            }
        };
        assert!(find(1).await.is_some());
        assert!(find(1000).await.is_none());
        let suspended = |is_suspended| UserChange { is_suspended: Some(is_suspended), ..UserChange::default() };
        change(&store, "ann", suspended(true)).await;
        assert!(find(1).await.is_none(), "a suspended user has no session");
        change(&store, "ann", suspended(false)).await;
        assert!(find(1).await.is_some());
        change(&store, "ann", UserChange { ends_sign_ins: true, ..UserChange::default() }).await;
        assert!(find(1).await.is_none(), "a session of another epoch is over");
    }

    async fn found(store: &Store, text: &str) -> Vec<String> {
        let text = text.to_owned();
        let page = Page { offset: 0, limit: 10 };
        let found = store.read::<_, StoreError>(move |tx| {
            Box::pin(async move {
                let found = user_search::list(tx, &tenant(), Some(&text), page).await?;
                let total = user_search::count(tx, &tenant(), Some(&text), 100).await?;
                assert_eq!(total.count, i64::try_from(found.len()).unwrap());
                Ok(found)
            })
        });
        found.await.unwrap().into_iter().map(|user| user.id.0).collect()
    }

    pub async fn search_takes_wildcards_literally(store: Store) {
        for (id, name) in [("a", "50% off"), ("b", "Bob"), ("c", "x' OR '1'='1"), ("d", "say \"hi\" AND go*")] {
            let mut user = user(id, None);
            user.name = Some(name.into());
            insert(&store, tenant(), user).await.unwrap();
        }
        assert_eq!(found(&store, "50%").await, ["a"]);
        assert!(found(&store, "%").await.is_empty());
        assert_eq!(found(&store, "BOB").await, ["b"]);
        assert_eq!(found(&store, "' OR '1'='1").await, ["c"]);
        assert_eq!(found(&store, "\"hi\" and go*").await, ["d"]);
    }

    pub async fn users_are_found_by_any_part_of_a_name_or_an_identifier(store: Store) {
        let with_email = |id: &str, email: &str| User { primary_email: Some(email.into()), ..user(id, None) };
        let mut ada = with_email("ada1", "ada@example.com");
        ada.primary_phone = Some("8613112345678".into());
        ada.name = Some("Ada King Ödön".into());
        insert(&store, tenant(), ada.clone()).await.unwrap();
        let mut wei = with_email("wei2", "wei@example.com");
        wei.created_at = Timestamp(2);
        wei.name = Some("张伟".into());
        insert(&store, tenant(), wei).await.unwrap();
        let mut ming = with_email("ming3", "m@other.test");
        ming.created_at = Timestamp(3);
        ming.name = Some("王小明".into());
        insert(&store, tenant(), ming).await.unwrap();
        insert(&store, TenantId::admin(), with_email("ada3", "ada@example.com")).await.unwrap();
        for (text, ids) in [
            ("EXAMPLE.com", &["wei2", "ada1"][..]),
            ("a@ex", &["ada1"]),
            ("+86 131 1234", &["ada1"]),
            ("345", &["ada1"]),
            ("king ödön", &["ada1"]),
            ("ki", &["ada1"]),
            ("ng", &[]),
            ("ÖD", &["ada1"]),
            ("张", &["wei2"]),
            ("张伟", &["wei2"]),
            ("小明", &["ming3"]),
            ("明", &["ming3"]),
            ("dad", &[]),
        ] {
            assert_eq!(found(&store, text).await, ids, "{text}");
        }
        change(&store, "ada1", UserChange { name: Patch::Set("Countess".into()), ..UserChange::default() }).await;
        assert!(found(&store, "king").await.is_empty());
        assert_eq!(found(&store, "countess").await, ["ada1"]);
        let delete = store
            .write::<_, StoreError>(|tx| Box::pin(async move { users::delete(tx, &tenant(), &"ada1".into()).await }));
        assert!(delete.await.unwrap());
        assert!(found(&store, "countess").await.is_empty());
    }

    pub async fn the_list_of_users_is_walked_both_ways(store: Store) {
        for number in 0..7_i64 {
            let mut user = user(&format!("u{number}"), None);
            user.created_at = Timestamp(number / 2);
            insert(&store, tenant(), user).await.unwrap();
        }
        let at = |place: Place| {
            let store = store.clone();
            async move {
                let read = store.read::<_, StoreError>(move |tx| {
                    Box::pin(async move { user_search::at(tx, &tenant(), place, 3).await })
                });
                read.await.unwrap().into_iter().map(|user| user.id.0).collect::<Vec<_>>()
            }
        };
        assert_eq!(at(Place::Newest).await, ["u6", "u5", "u4"]);
        assert_eq!(at(Place::OlderThan(Timestamp(2), "u4".into())).await, ["u3", "u2", "u1"]);
        assert_eq!(at(Place::NewerThan(Timestamp(1), "u3".into())).await, ["u6", "u5", "u4"]);
        assert_eq!(at(Place::NewerThan(Timestamp(0), "u0".into())).await, ["u3", "u2", "u1"]);
        assert_eq!(at(Place::Oldest).await, ["u2", "u1", "u0"]);
        let count = |most: i64| {
            store.read::<_, StoreError>(move |tx| {
                Box::pin(async move { user_search::count(tx, &tenant(), None, most).await })
            })
        };
        assert_eq!(count(7).await.unwrap(), Total { count: 7, is_capped: false });
        assert_eq!(count(6).await.unwrap(), Total { count: 6, is_capped: true });
    }
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
