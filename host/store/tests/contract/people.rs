//! What belongs to a user or is written about one, as rows: identities, sessions, the audit log.

use keyway_model::audit_log::LogEntry;
use keyway_model::session::Session;
use keyway_model::user::Identity;
use keyway_model::{TenantId, Timestamp, UserId};
use keyway_store::audit_logs::{self, AuditLogFilter};
use keyway_store::{Constraint, Page, Store, StoreError, identities, sessions, users};

use super::{tenant, user};

on_both! {
    an_identity_is_one_person_s
    sessions_end_alone_and_together
    the_audit_log_is_read_by_what_is_asked
}

fn identity(target: &str, id: &str) -> Identity {
    let details = serde_json::json!({ "name": "Ann" });
    Identity { target: target.into(), issuer: "https://issuer.example.com".into(), id: id.into(), details }
}

async fn an_identity_is_one_person_s(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let (ann, bob) = (UserId::from("ann"), UserId::from("bob"));
        let github = identity("github", "1");
        users::insert(tx, &tenant(), &user("ann", None)).await?;
        users::insert(tx, &tenant(), &user("bob", None)).await?;
        identities::put(tx, &tenant(), &ann, &github, "", Timestamp(1)).await?;
        assert_eq!(identities::find_user(tx, &tenant(), &github, "").await?, Some(ann.clone()));
        let stranger = Identity { issuer: "https://other.example.com".into(), ..github.clone() };
        assert_eq!(identities::find_user(tx, &tenant(), &stranger, "").await?, None, "the same id of another issuer");
        assert_eq!(identities::find_user(tx, &TenantId::admin(), &github, "").await?, None);
        assert_eq!(identities::list(tx, &tenant(), &ann).await?[0].details, github.details);
        assert!(identities::list(tx, &TenantId::admin(), &ann).await?.is_empty());
        let of_both = identities::of_users(tx, &tenant(), &[ann.clone(), bob.clone()]).await?;
        assert_eq!((of_both.len(), of_both[&ann].len()), (1, 1));
        assert!(!identities::delete(tx, &TenantId::admin(), &ann, "github").await?);
        assert!(!identities::delete(tx, &tenant(), &bob, "github").await?);
        assert!(identities::delete(tx, &tenant(), &ann, "github").await?);
        identities::put(tx, &tenant(), &bob, &github, "", Timestamp(1)).await
    });
    done.await.unwrap();
    let taken = store.write::<_, StoreError>(async |tx| {
        identities::put(tx, &tenant(), &"ann".into(), &identity("github", "1"), "", Timestamp(2)).await
    });
    let taken = taken.await;
    let owner = store
        .read::<_, StoreError>(async |tx| identities::find_user(tx, &tenant(), &identity("github", "1"), "").await);
    assert_eq!(owner.await.unwrap(), Some("bob".into()));
    assert!(matches!(&taken, Err(StoreError::Unique(Constraint::Identity))), "{taken:?}");
}

fn session(id: &str, expires_at: i64) -> Session {
    Session {
        id: id.into(),
        user_id: "ann".into(),
        authenticated_at: Timestamp(1),
        expires_at: Timestamp(expires_at),
        credential_epoch: 0,
        user_agent: Some("A browser".into()),
        ip: None,
    }
}

async fn sessions_end_alone_and_together(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let (other, ann) = (TenantId::admin(), "ann".into());
        users::insert(tx, &tenant(), &user("ann", None)).await?;
        for (id, end) in [("one", 100), ("two", 100), ("three", 100), ("over", 5)] {
            sessions::insert(tx, &tenant(), &format!("hash of {id}"), &session(id, end)).await?;
        }
        let found = sessions::find(tx, &tenant(), "hash of one", Timestamp(10)).await?.unwrap();
        assert_eq!((found.id.as_str(), found.user_agent.as_deref(), found.ip), ("one", Some("A browser"), None));
        assert!(sessions::find(tx, &tenant(), "hash of over", Timestamp(10)).await?.is_none());
        assert!(sessions::find(tx, &other, "hash of one", Timestamp(10)).await?.is_none());
        assert_eq!(sessions::of_user(tx, &tenant(), &ann, Timestamp(10)).await?.len(), 3);
        assert!(sessions::of_user(tx, &other, &ann, Timestamp(10)).await?.is_empty());
        assert!(!sessions::delete_by_id(tx, &other, &ann, &"one".into()).await?);
        assert!(!sessions::delete_by_id(tx, &tenant(), &"bob".into(), &"one".into()).await?);
        assert!(sessions::delete_by_id(tx, &tenant(), &ann, &"one".into()).await?);
        assert_eq!(sessions::delete(tx, &other, "hash of two").await?, None);
        assert_eq!(sessions::delete(tx, &tenant(), "hash of two").await?, Some("two".into()));
        assert_eq!(sessions::delete_of_user(tx, &other, &ann).await?, 0);
        assert_eq!(sessions::delete_of_user(tx, &tenant(), &ann).await?, 2);
        Ok(())
    });
    done.await.unwrap();
}

async fn the_audit_log_is_read_by_what_is_asked(store: Store) {
    let entry = |number: i64, key: &str, user: &str| LogEntry {
        id: format!("log{number}").into(),
        key: key.into(),
        payload: [("result".to_owned(), "Success".into())].into_iter().collect(),
        user_id: Some(user.into()),
        application_id: Some("a".into()),
        created_at: Timestamp(number),
    };
    let done = store.write::<_, StoreError>(async |tx| {
        for (number, key, user) in [
            (1, "Interaction.SignIn.Submit", "ann"),
            (2, "Interaction.Register.Submit", "bob"),
            (3, "Management.Users.Create", "ann"),
        ] {
            audit_logs::insert(tx, &tenant(), &entry(number, key, user)).await?;
        }
        let page = Page { offset: 0, limit: 2 };
        let asked = [
            (AuditLogFilter::default(), 3),
            (AuditLogFilter { user_id: Some("ann".into()), ..AuditLogFilter::default() }, 2),
            (AuditLogFilter { application_id: Some("b".into()), ..AuditLogFilter::default() }, 0),
            (AuditLogFilter { key: Some("Interaction.".into()), ..AuditLogFilter::default() }, 2),
            (AuditLogFilter { key: Some("Interaction.SignIn.Submit".into()), ..AuditLogFilter::default() }, 1),
            (AuditLogFilter { from: Some(Timestamp(2)), until: Some(Timestamp(3)), ..AuditLogFilter::default() }, 1),
        ];
        for (filter, expected) in asked {
            let (entries, total) = audit_logs::list(tx, &tenant(), &filter, page).await?;
            assert_eq!((total, entries.len()), (expected, usize::try_from(expected).unwrap().min(2)), "{filter:?}");
            assert_eq!(audit_logs::list(tx, &TenantId::admin(), &filter, page).await?.1, 0);
        }
        let newest = audit_logs::list(tx, &tenant(), &AuditLogFilter::default(), page).await?.0;
        assert_eq!(newest.iter().map(|entry| entry.created_at.0).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(audit_logs::find(tx, &tenant(), &"log1".into()).await?.unwrap().payload, entry(1, "", "").payload);
        assert!(audit_logs::find(tx, &TenantId::admin(), &"log1".into()).await?.is_none());
        Ok(())
    });
    done.await.unwrap();
}
