//! Tokens and sessions: used once, and gone when they are.

use keyway_model::Timestamp;
use keyway_model::oauth::{Grant, TokenKind};
use keyway_store::{Store, StoreError, sessions, tokens};

use keyway_model::oauth::StoredToken;
use keyway_model::session::Session;
use keyway_model::user::UserChange;

use super::{change, insert, tenant, user};

on_both! {
    a_token_is_consumed_once_under_fifty_parallel_requests
    session_outlives_revocation
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

async fn a_token_is_consumed_once_under_fifty_parallel_requests(store: Store) {
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
