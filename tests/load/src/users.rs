//! The list of a million users, through the store as the console asks for it: its pages, and searches for what there is
//! much of, little of and nothing of.

use std::sync::Arc;
use std::time::Instant;

use keyway_model::user::User;
use keyway_model::{TenantId, Timestamp, UserId};
use keyway_store::user_search::{self, ListPosition};
use keyway_store::{Page, Store, StoreError, users};

use crate::measure::Plan;
use crate::report::Report;

/// Entries of a page of the console, and one that tells whether there are more.
const SHOWN: i64 = 21;

/// What a search is counted to.
const COUNTED: i64 = 1000;

/// Users that one transaction adds.
const TOGETHER: usize = 1000;

const FIRST_NAMES: [&str; 7] = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Wei"];
const LAST_NAMES: [&str; 11] =
    ["King", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Zhang", "Lovelace", "Church", "Noether", "Gauss"];
const DOMAINS: [&str; 3] = ["example.com", "mail.test", "corp.example"];

/// A user like no other: ids are spread over the alphabet, as random ones are.
fn user(number: usize) -> User {
    let id = format!("{:012x}", (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16);
    let mut user = User::new(UserId(id), Timestamp(1_700_000_000_000 + i64::try_from(number).unwrap_or_default()));
    let of = |list: &[&str]| (*list.get(number % list.len()).unwrap_or(&"")).to_owned();
    user.username = Some(format!("user{number}"));
    user.primary_email = Some(format!("user{number}@{}", of(&DOMAINS)));
    user.primary_phone = Some(format!("86130{number:08}"));
    user.name = Some(format!("{} {} {number}", of(&FIRST_NAMES), of(&LAST_NAMES)));
    user
}

async fn fill(store: &Store, count: usize) -> Result<(), StoreError> {
    for from in (0..count).step_by(TOGETHER) {
        store
            .write::<_, StoreError>(async move |tx| {
                for number in from..(from + TOGETHER).min(count) {
                    users::insert(tx, &TenantId::default_tenant(), &user(number)).await?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// Milliseconds of each round of a read.
async fn timed<T>(plan: &Plan, mut read: impl AsyncFnMut() -> Result<T, StoreError>) -> Result<Vec<f64>, StoreError> {
    read().await?;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds.max(5) {
        let start = Instant::now();
        read().await?;
        rounds.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(rounds)
}

/// Fills the database with `count` users and measures.
pub async fn measure(plan: &Plan, url: Option<&str>, count: usize, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("keyway.db");
    let store =
        Store::open(url.unwrap_or(&format!("sqlite:{}", file.display())), Arc::new(crate::platform::World)).await?;
    let start = Instant::now();
    fill(&store, count).await?;
    report.number("users added a second", f64::from(u32::try_from(count)?) / start.elapsed().as_secs_f64());
    if let Ok(found) = file.metadata() {
        report.megabytes("size of the database", f64::from(u32::try_from(found.len() / 1000)?) / 1000.0);
    }
    let middle = (Timestamp(1_700_000_000_000 + i64::try_from(count / 2)?), UserId("7".into()));
    for (name, place) in [
        ("page: newest", ListPosition::Newest),
        ("page: in the middle, older", ListPosition::OlderThan(middle.0, middle.1.clone())),
        ("page: in the middle, newer", ListPosition::NewerThan(middle.0, middle.1.clone())),
        ("page: oldest", ListPosition::Oldest),
    ] {
        let rounds = timed(plan, async || {
            let place = place.clone();
            store
                .read(async move |tx| {
                    user_search::at(tx, &TenantId::default_tenant(), place, SHOWN).await?;
                    user_search::count(tx, &TenantId::default_tenant(), None, 10_000).await
                })
                .await
        });
        report.milliseconds(name, &rounds.await?);
    }
    for (name, text) in [
        ("search: an address", "user123456@mail.test"),
        ("search: a domain of a third", "example.com"),
        ("search: a full name", "ada king"),
        ("search: a part of a number", "345678"),
        ("search: a pasted number", "+86 130 0012 3456"),
        ("search: one letter", "z"),
        ("search: two letters", "zh"),
        ("search: three digits", "999"),
        ("search: nothing like it", "no such person"),
        ("search: common pieces, no match", "ample.t"),
    ] {
        let rounds = timed(plan, async || {
            store
                .read(async move |tx| {
                    let tenant = TenantId::default_tenant();
                    let page = Page { offset: 0, limit: SHOWN };
                    user_search::page(tx, &tenant, Some(text), page, COUNTED).await
                })
                .await
        });
        report.milliseconds(name, &rounds.await?);
    }
    Ok(())
}
