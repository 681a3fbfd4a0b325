//! Rounds of a fixed time; medians with minimum and maximum.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::Arguments;
use crate::client::Client;
use crate::flows::{Flow, Setup};

/// How to measure.
pub struct Plan {
    /// Length of a round.
    pub round: Duration,
    /// How many rounds.
    pub rounds: usize,
    connections: usize,
}

impl Plan {
    /// As the arguments say.
    pub fn new(arguments: &Arguments) -> Self {
        Self {
            round: Duration::from_secs(arguments.seconds),
            rounds: arguments.rounds,
            connections: arguments.connections,
        }
    }
}

/// What was measured.
pub struct Rate {
    /// Per second, of each round.
    pub rounds: Vec<f64>,
    /// How many were done in all.
    pub total: u32,
}

impl Rate {
    /// Lowest, middle and highest round.
    pub fn spread(&self) -> (f64, f64, f64) {
        spread(&self.rounds)
    }
}

/// Lowest, middle and highest value.
pub fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    (at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
}

/// Runs a flow on every connection for each round. The first failure ends the measurement: a fast error is no result.
pub async fn rate(plan: &Plan, setup: Arc<Setup>, flow: Flow) -> anyhow::Result<Rate> {
    let mut clients = Vec::new();
    for index in 0..plan.connections {
        clients.push((index, Client::connect(setup.port).await?));
    }
    let mut rounds = Vec::new();
    let mut total = 0;
    for _ in 0..plan.rounds {
        let count = Arc::new(AtomicU32::new(0));
        let start = Instant::now();
        let end = start + plan.round;
        let mut workers = tokio::task::JoinSet::new();
        for (index, mut client) in clients.drain(..) {
            let (setup, count) = (Arc::clone(&setup), Arc::clone(&count));
            workers.spawn(async move {
                while Instant::now() < end {
                    flow.run(&setup, &mut client, index).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok((index, client))
            });
        }
        while let Some(worker) = workers.join_next().await {
            clients.push(worker??);
        }
        let done = count.load(Ordering::Relaxed);
        total += done;
        rounds.push(f64::from(done) / start.elapsed().as_secs_f64());
    }
    Ok(Rate { rounds, total })
}
