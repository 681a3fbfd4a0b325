//! Wrong passwords and codes. A stranger's guesses slow the stranger down, not the owner: they are counted by account and
//! network, and a device that signed in to the account before has a count of its own.

use std::collections::HashMap;

use keyway_model::history::History;
use keyway_model::{TenantId, Timestamp};
use keyway_store::counters::{self, Counter};
use keyway_store::{StoreError, Tx};

use super::{DAY, HOUR, Limits, Network};

/// What is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuessedSecret {
    /// A password: each wrong one makes the next wait longer.
    Password,
    /// A code: a few wrong ones an hour, and no more.
    Code,
}

/// How a counter holds guesses back.
#[derive(Debug, Clone, Copy)]
enum Brake {
    /// After so many of the last day, each has to wait after the last; after so many, for the end of the day.
    Delay(i64, i64),
    /// Seconds and how many.
    Limit(i64, i64),
}

/// The guesses at one identifier from one place.
pub struct Guesses {
    brakes: Vec<(Counter, Brake)>,
}

/// Networks at least whose guesses at one password stop those of everybody.
const NETWORKS: i64 = 4;

/// Seconds that the next guess waits after `failures` wrong ones, the last of which was free.
fn delay(failures: i64, free: i64) -> i64 {
    const LONGEST: i64 = 900;
    match failures - free {
        past @ 0..8 => (5_i64 << past).min(LONGEST),
        8.. => LONGEST,
        _ => 0,
    }
}

impl Guesses {
    /// `device` is one that signed in to the account before. A program that the operator exempts has no network.
    pub fn new(
        limits: &Limits,
        proof: GuessedSecret,
        identifier: &str,
        network: &Network,
        device: Option<&str>,
    ) -> Self {
        // What may reach hundreds is told by minutes.
        let counter = |name: String, brake: Brake| {
            let exact = matches!(brake, Brake::Delay(..) | Brake::Limit(_, ..=100));
            Counter { name, resolution: if exact { 1 } else { 60_000 }, keep: DAY }
        };
        let at = device.unwrap_or(&network.guesses);
        let mut brakes = match proof {
            GuessedSecret::Password => {
                let most = match limits.failures_per_identifier_day {
                    1.. if device.is_none() => (limits.failures_per_identifier_day / NETWORKS).max(1),
                    _ => i64::MAX,
                };
                let mut brakes =
                    vec![(format!("password:{identifier}@{at}"), Brake::Delay(limits.failures_before_delay, most))];
                if device.is_none() {
                    let all = Brake::Limit(DAY, limits.failures_per_identifier_day);
                    brakes.push((format!("password:{identifier}"), all));
                    if !network.guesses.is_empty() {
                        let all = Brake::Limit(HOUR, limits.failures_per_network_hour);
                        brakes.push((format!("passwords:{}", network.guesses), all));
                    }
                }
                brakes
            }
            GuessedSecret::Code => {
                let limit = limits.failures_per_identifier_hour;
                let mut brakes = vec![(format!("code:{identifier}@{at}"), Brake::Limit(HOUR, limit))];
                if device.is_none() {
                    brakes.push((format!("code:{identifier}"), Brake::Limit(HOUR, limit * 2)));
                }
                brakes
            }
        };
        brakes.retain(|(_, brake)| matches!(brake, Brake::Delay(1.., _) | Brake::Limit(_, 1..)));
        Self { brakes: brakes.into_iter().map(|(name, brake)| (counter(name, brake), brake)).collect() }
    }

    fn counters(&self) -> Vec<Counter> {
        self.brakes.iter().map(|(counter, _)| counter.clone()).collect()
    }

    fn longest_wait(&self, histories: &HashMap<String, History>, now: Timestamp) -> i64 {
        let wait = |(counter, brake): &(Counter, Brake)| {
            let Some(history) = histories.get(&counter.name) else { return 0 };
            match brake {
                Brake::Limit(seconds, limit) => history.wait(*limit, *seconds, now),
                Brake::Delay(free, most) => {
                    let end = delay(history.open(DAY, now), *free);
                    let delayed = |last: Timestamp| (last.plus_seconds(end).0 - now.0 + 999).div_euclid(1000).max(0);
                    history.last().map_or(0, delayed).max(history.wait(*most, DAY, now))
                }
            }
        };
        self.brakes.iter().map(wait).max().unwrap_or_default()
    }

    /// Seconds until a guess may be made; 0 when it may be made now.
    pub async fn wait(&self, tx: &mut Tx, tenant: &TenantId, now: Timestamp) -> Result<i64, StoreError> {
        let histories = counters::read(tx, tenant, &self.counters()).await?;
        Ok(self.longest_wait(&histories, now))
    }

    /// The same with the counters locked until the commit, for [`Self::fail`] and [`Self::forget`].
    pub async fn locked(&self, tx: &mut Tx, tenant: &TenantId, now: Timestamp) -> Result<Locked<'_>, StoreError> {
        let histories = counters::lock(tx, tenant, &self.counters(), now).await?;
        let wait = self.longest_wait(&histories, now);
        Ok(Locked { guesses: self, histories, wait })
    }
}

/// Guesses whose counters nobody else changes until the commit.
pub struct Locked<'g> {
    guesses: &'g Guesses,
    histories: HashMap<String, History>,
    /// Seconds until a guess may be made; 0 when it may be made now.
    pub wait: i64,
}

impl Locked<'_> {
    /// Counts a wrong guess.
    pub async fn fail(mut self, tx: &mut Tx, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
        for (counter, _) in &self.guesses.brakes {
            if let Some(mut history) = self.histories.remove(&counter.name) {
                history.count(now);
                counters::write(tx, tenant, counter, history, now).await?;
            }
        }
        Ok(())
    }

    /// Forgets the wrong guesses from here, after a right one. What others guessed stays counted.
    pub async fn forget(mut self, tx: &mut Tx, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
        let Some((counter, _)) = self.guesses.brakes.first() else { return Ok(()) };
        match self.histories.remove(&counter.name) {
            Some(mut history) if history.last().is_some() => {
                history.clear();
                counters::write(tx, tenant, counter, history, now).await
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::delay;

    #[test]
    fn delays_grow_and_end_at_a_quarter_of_an_hour() {
        assert_eq!([0, 4, 5, 6, 7, 12, 13, 1000].map(|failures| delay(failures, 5)), [0, 0, 5, 10, 20, 640, 900, 900]);
    }
}
