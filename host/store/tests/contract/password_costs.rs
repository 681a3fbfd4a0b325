//! What imported password hashes cost: judged when it is new to the tenant, kept while an account has it.

use keyway_store::{Store, StoreError, password_costs};

use super::{insert, tenant, user};

on_both! {
    a_cost_is_judged_once_and_goes_with_its_last_account
}

/// Notes a cost; who judges must see `before` and says `may_join`.
async fn note(
    store: &Store,
    id: &'static str,
    cost: &'static str,
    before: &'static [&'static str],
    may_join: bool,
) -> bool {
    let write = store.write::<_, StoreError>(async move |tx| {
        let judge = |costs: &[String]| {
            assert_eq!(costs, before);
            may_join
        };
        password_costs::note(tx, &tenant(), &id.into(), cost, judge).await
    });
    write.await.unwrap()
}

async fn list(store: &Store, tenant: &'static str) -> Vec<String> {
    store.read::<_, StoreError>(async move |tx| password_costs::list(tx, &tenant.into()).await).await.unwrap()
}

async fn remove_unused(store: &Store) -> u64 {
    store.write::<_, StoreError>(async |tx| password_costs::remove_unused(tx).await).await.unwrap()
}

async fn a_cost_is_judged_once_and_goes_with_its_last_account(store: Store) {
    for id in ["ann", "bob"] {
        insert(&store, tenant(), user(id, None)).await.unwrap();
    }
    assert!(!note(&store, "ann", "bcrypt 14", &[], false).await);
    assert!(list(&store, "default").await.is_empty());
    assert!(note(&store, "ann", "bcrypt 10", &[], true).await);
    assert!(note(&store, "bob", "bcrypt 10", &["nobody judges what is there"], false).await);
    assert!(note(&store, "bob", "argon2id 64 1 1", &["bcrypt 10"], true).await);
    assert_eq!(list(&store, "default").await, ["argon2id 64 1 1", "bcrypt 10"]);
    assert!(list(&store, "admin").await.is_empty(), "of another tenant");
    assert_eq!(remove_unused(&store).await, 0);
    assert!(note(&store, "ann", "argon2id 64 1 1", &[], false).await);
    assert_eq!(remove_unused(&store).await, 1);
    assert_eq!(list(&store, "default").await, ["argon2id 64 1 1"]);
}
