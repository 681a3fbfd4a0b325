//! Tokens and sessions: used once, and gone when they are.

use keyway_model::Timestamp;
use keyway_model::oauth::{Grant, TokenKind};
use keyway_store::{Store, StoreError, Tx, sessions, tokens};

use keyway_model::oauth::StoredToken;
use keyway_model::session::Session;
use keyway_model::user::UserChange;

use super::{Database, change, insert, postgres, tenant, user};

on_both! {
    a_token_is_consumed_once_under_fifty_parallel_requests
    session_outlives_revocation
    a_revocation_ends_the_grants_that_it_names_and_no_others
    a_session_knows_the_applications_that_it_gave_a_grant
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
        sign_in_experience: keyway_model::look::ApplicationExperience::default(),
        custom_data: serde_json::Map::new(),
        is_third_party: false,
        created_at: Timestamp(1),
    };
    store
        .write::<_, StoreError>(async move |tx| keyway_store::applications::insert(tx, &tenant(), &application).await)
        .await
        .unwrap();
}

fn grant(id: &str, user: &str, session: &str, scope: &str) -> Grant {
    Grant {
        id: id.into(),
        user_id: user.into(),
        application_id: "app".into(),
        session_id: session.into(),
        scope: scope.into(),
        resources: Vec::new(),
        nonce: None,
        authenticated_at: Timestamp(1),
        credential_epoch: 0,
        created_at: Timestamp(1),
        revoked_at: None,
    }
}

fn token(hash: &str, grant: &str) -> StoredToken {
    StoredToken {
        hash: hash.into(),
        kind: TokenKind::Code,
        grant_id: grant.into(),
        redirect_uri: "https://a".into(),
        code_challenge: "c".into(),
        created_at: Timestamp(1),
        expires_at: Timestamp(60_000),
        consumed_at: None,
        scope: None,
    }
}

/// The grants that [`with_grants`] makes: id, user, session and scope.
const GRANTS: [(&str, &str, &str, &str); 5] = [
    ("online", "ann", "s", "openid offline_access_not"),
    ("offline", "ann", "s", "openid offline_access profile"),
    ("elsewhere", "ann", "t", "openid"),
    ("later", "ann", "u", "openid"),
    ("bob's", "bob", "v", "openid"),
];

/// Two users with grants, each with a token of its own name.
async fn with_grants(store: &Store) {
    insert(store, tenant(), user("ann", None)).await.unwrap();
    insert(store, tenant(), user("bob", None)).await.unwrap();
    with_application(store).await;
    let write = store.write::<_, StoreError>(async move |tx| {
        for (id, user, session, scope) in GRANTS {
            tokens::insert_grant(tx, &tenant(), &grant(id, user, session, scope)).await?;
            tokens::insert(tx, &tenant(), &token(id, id)).await?;
        }
        Ok(())
    });
    write.await.unwrap();
}

/// Which grants are revoked, and since when.
async fn revoked(store: &Store) -> Vec<(&'static str, i64)> {
    let mut found = Vec::new();
    for (id, ..) in GRANTS {
        let read = store.read::<_, StoreError>(async move |tx| tokens::find(tx, &tenant(), TokenKind::Code, id).await);
        let (_, grant) = read.await.unwrap().unwrap();
        found.extend(grant.revoked_at.map(|at| (id, at.0)));
    }
    found
}

async fn a_revocation_ends_the_grants_that_it_names_and_no_others(store: Store) {
    with_grants(&store).await;
    assert_eq!(revoked(&store).await, []);
    let write = store
        .write::<_, StoreError>(async |tx| tokens::revoke_of_session(tx, &tenant(), &"s".into(), Timestamp(2)).await);
    write.await.unwrap();
    assert_eq!(revoked(&store).await, [("online", 2)]);
    let write = store.write::<_, StoreError>(async |tx| {
        tokens::revoke_all_of_session(tx, &tenant(), &"s".into(), Timestamp(3)).await
    });
    write.await.unwrap();
    assert_eq!(revoked(&store).await, [("online", 2), ("offline", 3)]);
    let write = store.write::<_, StoreError>(async |tx| {
        tokens::revoke_grant(tx, &"other".into(), &"elsewhere".into(), Timestamp(4)).await?;
        tokens::revoke_grant(tx, &tenant(), &"elsewhere".into(), Timestamp(5)).await
    });
    write.await.unwrap();
    assert_eq!(revoked(&store).await, [("online", 2), ("offline", 3), ("elsewhere", 5)]);
    let write = store
        .write::<_, StoreError>(async |tx| tokens::revoke_of_user(tx, &tenant(), &"ann".into(), Timestamp(6)).await);
    write.await.unwrap();
    assert_eq!(revoked(&store).await, [("online", 2), ("offline", 3), ("elsewhere", 5), ("later", 6)]);
}

async fn a_session_knows_the_applications_that_it_gave_a_grant(store: Store) {
    with_grants(&store).await;
    let has = async |tenant: &str, session: &str, application: &str| {
        let (tenant, session, application) = (tenant.into(), session.into(), application.into());
        let read =
            store.read::<_, StoreError>(async move |tx| tokens::has_grant(tx, &tenant, &session, &application).await);
        read.await.unwrap()
    };
    assert!(has("default", "s", "app").await);
    for (tenant, session, application) in
        [("other", "s", "app"), ("default", "none", "app"), ("default", "s", "another")]
    {
        assert!(!has(tenant, session, application).await, "{tenant} {session} {application}");
    }
    let write = store.write::<_, StoreError>(async |tx| {
        tokens::revoke_all_of_session(tx, &tenant(), &"s".into(), Timestamp(2)).await
    });
    write.await.unwrap();
    assert!(has("default", "s", "app").await, "also after it was revoked");
}

async fn a_token_is_consumed_once_under_fifty_parallel_requests(store: Store) {
    insert(&store, tenant(), user("ann", None)).await.unwrap();
    with_application(&store).await;
    let grant = Grant { resources: vec!["https://api".into()], ..grant("g", "ann", "s", "openid") };
    let token = token("h", "g");
    store
        .write::<_, StoreError>(async move |tx| {
            tokens::insert_grant(tx, &tenant(), &grant).await?;
            tokens::insert(tx, &tenant(), &token).await
        })
        .await
        .unwrap();
    let tries = (0..50).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write::<_, StoreError>(async move |tx| tokens::consume(tx, &tenant(), "h", Timestamp(2)).await)
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
        .read::<_, StoreError>(async move |tx| tokens::find(tx, &tenant(), TokenKind::Code, "h").await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.0.consumed_at, found.1.resources), (Some(Timestamp(2)), vec!["https://api".to_owned()]));
}

async fn session_outlives_revocation(store: Store) {
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
    store.write::<_, StoreError>(async move |tx| sessions::insert(tx, &tenant(), "h", &session).await).await.unwrap();
    let find = |now| {
        let store = store.clone();
        async move {
            store
                .read::<_, StoreError>(async move |tx| sessions::find(tx, &tenant(), "h", Timestamp(now)).await)
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

/// A plan that was made for empty tables reads all that they hold later.
#[tokio::test]
async fn algorithmic_complexity_of_plans_for_tables_that_were_empty() {
    let Database { store, url, .. } = postgres().await;
    insert(&store, tenant(), user("ann", None)).await.unwrap();
    with_application(&store).await;
    for batch in 0..40 {
        let name = |number: u32| format!("{batch}-{number}");
        let written = store.write::<_, StoreError>(async |tx| {
            for number in 0..100 {
                tokens::insert_grant(tx, &tenant(), &grant(&name(number), "ann", "s", "openid")).await?;
                tokens::insert(tx, &tenant(), &token(&name(number), &name(number))).await?;
            }
            Ok(())
        });
        written.await.unwrap();
        for number in 0..10 {
            let found = async |tx: &mut Tx| tokens::find(tx, &tenant(), TokenKind::Code, &name(number)).await;
            assert!(store.read::<_, StoreError>(found).await.unwrap().is_some());
        }
    }
    drop(store);
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    // A connection reports what it read when it ends.
    let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%'";
    while sqlx::query_scalar::<_, i64>(open).fetch_one(&pool).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    let read = "SELECT CAST(SUM(COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0)) AS BIGINT) FROM pg_stat_user_tables WHERE relname IN \
         ('tokens', 'grants', 'users')";
    let read: i64 = sqlx::query_scalar(read).fetch_one(&pool).await.unwrap();
    assert!(read < 2_000_000, "{read} rows were read");
}
