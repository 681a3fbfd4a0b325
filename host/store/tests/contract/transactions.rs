//! Transactions: whole or not at all, one after another, again when the database ended one, and seen by other nodes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::Interaction;
use keyway_model::oauth::Authorization;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::user::{User, UserChange};
use keyway_model::{Patch, TenantId, Timestamp, UserId};
use keyway_store::retention::{Retention, SWEEPS};
use keyway_store::{
    Constraint, Store, StoreError, Total, Tx, counters, interactions, sign_in_experiences, user_search, users,
};

use super::{Database, find, insert, open, postgres, sqlite, tenant, user};

on_both! {
    a_transaction_is_a_value_that_is_handed_on_and_kept_at_the_end
    a_transaction_that_is_given_up_is_undone
    transactions_that_wait_together_fail_alone
    a_failed_transaction_leaves_nothing
    counters_count_under_fifty_parallel_requests_and_end
    steps_of_one_interaction_follow_each_other
    writes_that_are_sent_together_fail_together
    a_part_that_is_refused_is_undone_alone
}

/// A second node on the same database.
async fn with_another_node(database: Database) {
    let other = open(&database.url).await;
    a_change_of_configuration_shows_at_once_here_and_soon_on_other_nodes(database.store, other).await;
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
        let ready = store.write::<_, StoreError>(async move |tx| {
            let user = User::new(id.into(), Timestamp(1));
            users::insert(tx, &TenantId::default_tenant(), &user).await
        });
        ready.await.unwrap();
    }
    let (both, runs) = (Arc::new(tokio::sync::Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let rename = |first: &'static str, second: &'static str| {
        let (both, runs) = (Arc::clone(&both), Arc::clone(&runs));
        store.write::<_, StoreError>(async move |tx| {
            let tenant = TenantId::default_tenant();
            let mut user = users::lock(tx, &tenant, &first.into()).await?.unwrap();
            if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                both.wait().await;
            }
            users::lock(tx, &tenant, &second.into()).await?.unwrap();
            let change = UserChange { name: Patch::Set(first.into()), ..UserChange::default() };
            users::change(tx, &tenant, &mut user, change).await
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
    let refused = database.store.write::<_, StoreError>(async move |tx| {
        counted.fetch_add(1, Ordering::SeqCst);
        users::insert(tx, &TenantId::default_tenant(), &User::new("ann".into(), Timestamp(1))).await
    });
    assert!(refused.await.unwrap_err().is_passing());
    assert_eq!(runs.load(Ordering::SeqCst), 6);
}

async fn a_transaction_is_a_value_that_is_handed_on_and_kept_at_the_end(store: Store) {
    async fn register(tx: &mut Tx, id: &str) {
        users::insert(tx, &tenant(), &user(id, None)).await.unwrap();
    }
    let mut tx = store.begin().await.unwrap();
    register(&mut tx, "ann").await;
    register(&mut tx, "bob").await;
    assert!(users::find(&mut tx, &tenant(), &"ann".into()).await.unwrap().is_some());
    assert!(find(&store, tenant(), "ann").await.is_none(), "nobody else sees what is not kept");
    tx.commit().await.unwrap();
    assert!(find(&store, tenant(), "ann").await.is_some() && find(&store, tenant(), "bob").await.is_some());
}

/// By whoever drops it, by a future that is cancelled, and by a panic: nothing stays, and nobody waits for it.
async fn a_transaction_that_is_given_up_is_undone(store: Store) {
    let mut tx = store.begin().await.unwrap();
    users::insert(&mut tx, &tenant(), &user("ann", None)).await.unwrap();
    drop(tx);

    let (written, is_written) = tokio::sync::oneshot::channel();
    let given_up = async {
        let mut tx = store.begin().await.unwrap();
        users::insert(&mut tx, &tenant(), &user("ann", None)).await.unwrap();
        written.send(()).unwrap();
        std::future::pending::<()>().await;
        tx.commit().await.unwrap();
    };
    let ends = tokio::select! {
        () = given_up => true,
        done = is_written => done.is_err(),
    };
    assert!(!ends);

    let panicking = store.clone();
    let panicked = tokio::spawn(async move {
        let mut tx = panicking.begin().await.unwrap();
        users::insert(&mut tx, &tenant(), &user("ann", None)).await.unwrap();
        std::panic::resume_unwind(Box::new("in the middle"));
    });
    assert!(panicked.await.is_err());

    insert(&store, tenant(), user("bob", None)).await.unwrap();
    assert!(find(&store, tenant(), "ann").await.is_none());
    assert!(find(&store, tenant(), "bob").await.is_some());
}

async fn transactions_that_wait_together_fail_alone(store: Store) {
    let first = store.begin().await.unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let id = if number % 3 == 0 { "same".to_owned() } else { format!("user{number}") };
                insert(&store, tenant(), user(&id, None)).await.is_ok()
            })
        })
        .collect();
    tokio::task::yield_now().await;
    first.commit().await.unwrap();
    let mut kept = 0;
    for (number, one) in waiting.into_iter().enumerate() {
        let is_kept = one.await.unwrap();
        kept += usize::from(is_kept);
        if number % 3 != 0 {
            assert!(is_kept && find(&store, tenant(), &format!("user{number}")).await.is_some(), "{number}");
        }
    }
    assert_eq!(kept, 13 + 1, "one of those that take the same name");
}

async fn a_failed_transaction_leaves_nothing(store: Store) {
    let result: Result<(), StoreError> = store
        .write(async move |tx| {
            users::insert(tx, &tenant(), &user("ann", None)).await?;
            Err(StoreError::Aborted)
        })
        .await;
    assert!(result.is_err());
    assert!(find(&store, tenant(), "ann").await.is_none());
    insert(&store, tenant(), user("bob", None)).await.unwrap();
    assert!(find(&store, tenant(), "bob").await.is_some());
}

async fn counters_count_under_fifty_parallel_requests_and_end(store: Store) {
    let add = |store: Store, now: i64| async move {
        store
            .write::<_, StoreError>(async move |tx| {
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
    let counters = SWEEPS.iter().find(|sweep| sweep.name == "counters").unwrap();
    for (now, ended) in [(150_000, 0), (3_600_000, 2)] {
        let swept = store.write::<_, StoreError>(async move |tx| {
            counters.batch(tx, Retention::default(), Timestamp(now), 1000).await
        });
        assert_eq!(swept.await.unwrap(), ended, "at {now}");
    }
}

async fn steps_of_one_interaction_follow_each_other(store: Store) {
    let made = Interaction::new("i".into(), "app".into(), Authorization::default(), "0".into(), Timestamp(0));
    let interaction = Interaction { expires_at: Timestamp(1000), ..made };
    store
        .write::<_, StoreError>(async move |tx| interactions::insert(tx, &tenant(), "h", &interaction).await)
        .await
        .unwrap();
    let step = |store: Store| async move {
        store
            .write::<_, StoreError>(async move |tx| {
                let mut value = interactions::find(tx, &tenant(), "h", Timestamp(1)).await?.unwrap();
                value.csrf = (value.csrf.parse::<u32>().unwrap() + 1).to_string();
                interactions::update(tx, &tenant(), "h", &value).await
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
                .read::<_, StoreError>(async move |tx| interactions::find(tx, &tenant(), "h", Timestamp(now)).await)
                .await
                .unwrap()
        }
    };
    assert_eq!(read(1).await.unwrap().csrf, "50");
    assert!(read(1000).await.is_none(), "expiry is checked on read, with no cleaner running");
}

async fn writes_that_are_sent_together_fail_together(store: Store) {
    let user = |id: &str, name: &str| {
        let mut user = User::new(UserId(id.into()), Timestamp(1));
        user.set_identifier(&Identifier { kind: IdentifierKind::Username, value: name.into() });
        user
    };
    let insert = |users: Vec<User>| {
        store.write::<_, StoreError>(async move |tx| {
            for user in &users {
                users::insert(tx, &tenant(), user).await?;
            }
            Ok(())
        })
    };
    let many: Vec<User> = (0..40).map(|n| user(&format!("many{n}"), &format!("many{n}"))).collect();
    insert(many).await.unwrap();
    let both = vec![user("a", "same"), user("b", "same")];
    let error = insert(both).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unique(Constraint::Username)), "{error:?}");
    insert(vec![user("c", "same")]).await.unwrap();
    let count = store.read::<_, StoreError>(async move |tx| user_search::count(tx, &tenant(), None, 100).await);
    assert_eq!(count.await.unwrap(), Total { count: 41, is_capped: false });
}

async fn a_change_of_configuration_shows_at_once_here_and_soon_on_other_nodes(store: Store, other: Store) {
    let version =
        |node: Store, now: i64| async move { node.configuration_version(&tenant(), Timestamp(now)).await.unwrap() };
    let before = (version(store.clone(), 0).await, version(other.clone(), 0).await);
    let change = store.write::<_, StoreError>(async move |tx| {
        sign_in_experiences::put(tx, &tenant(), &SignInExperience::default()).await
    });
    change.await.unwrap();
    assert_eq!(version(store.clone(), 1).await, before.0 + 1);
    // PostgreSQL announces a change; without an announcement a version is trusted for half a second.
    let soon = version(other.clone(), 499).await;
    assert!([before.1, before.1 + 1].contains(&soon), "{soon}");
    assert_eq!(version(other.clone(), 500).await, before.1 + 1);
    let back = store.write::<(), StoreError>(async move |tx| {
        sign_in_experiences::put(tx, &tenant(), &SignInExperience::default()).await?;
        Err(StoreError::Aborted)
    });
    back.await.unwrap_err();
    assert_eq!(version(store.clone(), 10_000).await, before.0 + 1);
}

/// Whether the part read, held its writes back, sent them, or wrote and was told what: what surrounds it stays.
async fn a_part_that_is_refused_is_undone_alone(store: Store) {
    for (number, part) in ["reads", "holds", "sends", "clashes"].into_iter().enumerate() {
        let id = |place: &str| format!("{place}{number}");
        let refused = store.write::<_, StoreError>(async |tx| {
            users::insert(tx, &tenant(), &user(&id("before"), None)).await?;
            tx.begin_part()?;
            users::find(tx, &tenant(), &"nobody".into()).await?;
            if part != "reads" {
                users::insert(tx, &tenant(), &user(&id("within"), None)).await?;
            }
            let outcome = match part {
                "sends" => {
                    assert!(users::find(tx, &tenant(), &id("within").as_str().into()).await?.is_some());
                    Err(StoreError::Reference)
                }
                "clashes" => users::insert(tx, &tenant(), &user(&id("within"), None)).await,
                _ => Err(StoreError::Reference),
            };
            let outcome = tx.end_part(outcome).await;
            assert!(outcome.is_err(), "{part}");
            // Of a kind that this connection has not planned yet.
            assert!(part != "clashes" || interactions::read(tx, &tenant(), "", Timestamp(1)).await?.is_none());
            users::insert(tx, &tenant(), &user(&id("after"), None)).await
        });
        refused.await.unwrap();
        let mut kept = Vec::new();
        for place in ["before", "within", "after"] {
            if find(&store, tenant(), &id(place)).await.is_some() {
                kept.push(place);
            }
        }
        assert_eq!(kept, ["before", "after"], "{part}");
    }
    let kept = store.write::<_, StoreError>(async |tx| {
        tx.begin_part()?;
        let written = users::insert(tx, &tenant(), &user("kept", None)).await;
        tx.end_part(written).await
    });
    kept.await.unwrap();
    assert!(find(&store, tenant(), "kept").await.is_some());
}
