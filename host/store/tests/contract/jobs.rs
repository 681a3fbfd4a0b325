//! Leases of jobs: one node at a time, and another where that one is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_model::Timestamp;
use keyway_store::{Store, StoreError, jobs};

on_both! {
    one_of_many_nodes_gets_a_job
    a_lease_that_ended_is_another_s
    a_job_rests_until_it_is_due
}

async fn claim(store: &Store, holder: &str, now: i64) -> Option<i64> {
    let claim = store.write::<_, StoreError>(async |tx| {
        jobs::claim(tx, "sweep", holder, Timestamp(now), Timestamp(now + 100)).await
    });
    claim.await.unwrap()
}

async fn renew(store: &Store, holder: &str, now: i64, until: i64) -> bool {
    let renew = store
        .write::<_, StoreError>(async |tx| jobs::renew(tx, "sweep", holder, Timestamp(now), Timestamp(until)).await);
    renew.await.unwrap()
}

async fn finish(store: &Store, holder: &str, due_at: i64, failures: i64) {
    let finish =
        store.write::<_, StoreError>(async |tx| jobs::finish(tx, "sweep", holder, Timestamp(due_at), failures).await);
    finish.await.unwrap();
}

async fn resting(store: &Store, now: i64) -> Vec<String> {
    store.read::<_, StoreError>(async |tx| jobs::resting(tx, Timestamp(now)).await).await.unwrap()
}

async fn one_of_many_nodes_gets_a_job(store: Store) {
    // Once where the row is new, and once where it is there and due.
    for now in [1000, 5000] {
        let got = Arc::new(AtomicU32::new(0));
        let nodes = (0..20).map(|node| {
            let (store, got) = (store.clone(), Arc::clone(&got));
            tokio::spawn(async move {
                if claim(&store, &format!("node{node}"), now).await.is_some() {
                    got.fetch_add(1, Ordering::SeqCst);
                    finish(&store, &format!("node{node}"), now + 100, 0).await;
                }
            })
        });
        for node in nodes.collect::<Vec<_>>() {
            node.await.unwrap();
        }
        assert_eq!(got.load(Ordering::SeqCst), 1);
    }
}

async fn a_lease_that_ended_is_another_s(store: Store) {
    assert_eq!(claim(&store, "one", 1000).await, Some(0));
    assert!(renew(&store, "one", 1099, 1200).await);
    assert_eq!(claim(&store, "two", 1199).await, None);
    assert!(!renew(&store, "one", 1200, 1300).await, "it ended, though nobody took it yet");
    assert_eq!(claim(&store, "two", 1200).await, Some(0));
    // The one that was silent has nothing any more, and gives nothing back.
    assert!(!renew(&store, "one", 1250, 2000).await);
    finish(&store, "one", 9000, 7).await;
    assert!(renew(&store, "two", 1250, 1300).await);
    let release = store.write::<_, StoreError>(async |tx| jobs::release(tx, "two").await);
    release.await.unwrap();
    assert_eq!(claim(&store, "three", 1201).await, Some(0), "what is given back can be taken at once");
}

async fn a_job_rests_until_it_is_due(store: Store) {
    assert!(resting(&store, 1000).await.is_empty());
    claim(&store, "one", 1000).await.unwrap();
    assert_eq!(resting(&store, 1050).await, ["sweep"]);
    finish(&store, "one", 3000, 2).await;
    assert_eq!(resting(&store, 2999).await, ["sweep"]);
    assert_eq!(claim(&store, "two", 2999).await, None);
    assert!(resting(&store, 3000).await.is_empty());
    assert_eq!(claim(&store, "two", 3000).await, Some(2), "how often it failed is remembered");
}
