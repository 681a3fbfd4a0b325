//! Users as lists: what a search finds, and how a list is walked.

use keyway_model::user::{User, UserChange};
use keyway_model::{Patch, TenantId, Timestamp};
use keyway_store::user_search::{self, ListPosition};
use keyway_store::{Page, Store, StoreError, Total, users};

use super::{change, insert, tenant, user};

on_both! {
    search_takes_wildcards_literally
    users_are_found_by_any_part_of_a_name_or_an_identifier
    the_list_of_users_is_walked_both_ways
}

async fn found(store: &Store, text: &str) -> Vec<String> {
    let text = text.to_owned();
    let page = Page { offset: 0, limit: 10 };
    let found = store.read::<_, StoreError>(async move |tx| {
        let found = user_search::list(tx, &tenant(), Some(&text), page).await?;
        let total = user_search::count(tx, &tenant(), Some(&text), 100).await?;
        assert_eq!(total.count, i64::try_from(found.len()).unwrap());
        Ok(found)
    });
    found.await.unwrap().into_iter().map(|user| user.id.0).collect()
}

async fn search_takes_wildcards_literally(store: Store) {
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

async fn users_are_found_by_any_part_of_a_name_or_an_identifier(store: Store) {
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
    let delete = store.write::<_, StoreError>(async move |tx| users::delete(tx, &tenant(), &"ada1".into()).await);
    assert!(delete.await.unwrap());
    assert!(found(&store, "countess").await.is_empty());
}

async fn the_list_of_users_is_walked_both_ways(store: Store) {
    for number in 0..7_i64 {
        let mut user = user(&format!("u{number}"), None);
        user.created_at = Timestamp(number / 2);
        insert(&store, tenant(), user).await.unwrap();
    }
    let at = |place: ListPosition| {
        let store = store.clone();
        async move {
            let read = store.read::<_, StoreError>(async move |tx| user_search::at(tx, &tenant(), place, 3).await);
            read.await.unwrap().into_iter().map(|user| user.id.0).collect::<Vec<_>>()
        }
    };
    assert_eq!(at(ListPosition::Newest).await, ["u6", "u5", "u4"]);
    assert_eq!(at(ListPosition::OlderThan(Timestamp(2), "u4".into())).await, ["u3", "u2", "u1"]);
    assert_eq!(at(ListPosition::NewerThan(Timestamp(1), "u3".into())).await, ["u6", "u5", "u4"]);
    assert_eq!(at(ListPosition::NewerThan(Timestamp(0), "u0".into())).await, ["u3", "u2", "u1"]);
    assert_eq!(at(ListPosition::Oldest).await, ["u2", "u1", "u0"]);
    let count =
        |most: i64| store.read::<_, StoreError>(async move |tx| user_search::count(tx, &tenant(), None, most).await);
    assert_eq!(count(7).await.unwrap(), Total { count: 7, is_capped: false });
    assert_eq!(count(6).await.unwrap(), Total { count: 6, is_capped: true });
}
