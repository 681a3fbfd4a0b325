//! Random walks over the steps of signing in, signing up and setting a new password, by several people at once: what each step
//! may do is written down a second time, in `model`, and the server must agree at every step.
//!
//! A run repeats itself: `KEYWAY_WALKS_SEED` gives another one, `KEYWAY_WALKS` another number of walks.

mod doors;
mod model;
mod pages;
mod world;

use doors::Door;
use keyway_testing::{Database, on_both};
use model::Policy;
use world::World;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

async fn walk(database: Database, policy: Policy, favourites: &[Door]) {
    let seed = number("KEYWAY_WALKS_SEED").unwrap_or(20_260_101);
    let walks = usize::try_from(number("KEYWAY_WALKS").unwrap_or(150)).unwrap();
    println!("KEYWAY_WALKS_SEED={seed} KEYWAY_WALKS={walks}");
    let mut world = World::new(database, policy, seed).await;
    let (mut steps, mut sessions) = (0, 0);
    while world.walks < walks {
        let person = world.dice.below(world.people.len());
        if world.people[person].left == 0 {
            world.people[person] = world.person();
        }
        world.people[person].left -= 1;
        let door = world.door(person, favourites);
        world.go(person, door).await;
        if world.dice.below(4) == 0 {
            world.compare(person).await;
        }
        steps += 1;
        sessions = world.seen.len();
    }
    println!("{steps} steps, {sessions} sign-ins, {} accounts", world.model.accounts.len());
    assert!(sessions * 8 > walks, "walks that never arrive prove nothing: {sessions}");
}

on_both! {
    async fn mfa_skipped_by_other_door(database: Database) {
        let doors = [Door::PageCode, Door::PagePassword, Door::PageTurn, Door::Turn, Door::Profile, Door::Submit, Door::OthersCookie];
        Box::pin(walk(database, Policy::ByPhone, &doors)).await;
    }

    async fn mfa_skipped_by_other_door_where_names_sign_up(database: Database) {
        let doors = [Door::PageRegister, Door::NewName, Door::Profile, Door::Turn, Door::Identify, Door::PageForged];
        Box::pin(walk(database, Policy::ByName, &doors)).await;
    }

    async fn reset_flow_bypass(database: Database) {
        let doors = [Door::Start, Door::NewPassword, Door::PageNewPassword, Door::PageSend, Door::Turn, Door::Submit, Door::OldCookie];
        Box::pin(walk(database, Policy::ByPhone, &doors)).await;
    }

    async fn session_fixation(database: Database) {
        let doors = [Door::PlantedSession, Door::Silent, Door::OtherTenant, Door::OldCookie, Door::Refresh, Door::Administrator];
        Box::pin(walk(database, Policy::ByPhone, &doors)).await;
    }

    async fn session_fixation_at_the_operators_tenant(database: Database) {
        let doors = [Door::PlantedSession, Door::Silent, Door::OtherTenant, Door::PagePassword, Door::Start, Door::PageRegister];
        Box::pin(walk(database, Policy::Operators, &doors)).await;
    }
}
