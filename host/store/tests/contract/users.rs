//! Users as rows: kept whole, one identifier for one user, within their tenant.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::user::UserChange;
use keyway_model::{Patch, TenantId};
use keyway_store::{Constraint, Store, StoreError, users};

use super::{change, find, insert, tenant, user};

on_both! {
    users_are_kept_and_identifiers_are_unique
    idor_cross_tenant
}

async fn users_are_kept_and_identifiers_are_unique(store: Store) {
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
    let found =
        store.read::<_, StoreError>(async move |tx| users::find_by_identifier(tx, &tenant(), &identifier).await).await;
    assert_eq!(found.unwrap().unwrap().id, ann.id);
}

async fn idor_cross_tenant(store: Store) {
    insert(&store, tenant(), user("ann", Some("1"))).await.unwrap();
    assert!(find(&store, TenantId::admin(), "ann").await.is_none());
    insert(&store, TenantId::admin(), user("ann", Some("1"))).await.unwrap();
    let deleted =
        store.write::<_, StoreError>(async move |tx| users::delete(tx, &TenantId::admin(), &"ann".into()).await);
    assert!(deleted.await.unwrap());
    assert!(find(&store, tenant(), "ann").await.is_some());
}
