//! Leases of jobs: each is done by one node at a time, and by another where that one is gone. Nodes tell time by their own clocks, which
//! may differ by less than a lease.

use keyway_model::Timestamp;

use crate::statement::query;
use crate::{StoreError, Tx};

/// The names of the jobs that are not due or that somebody does.
pub async fn resting(tx: &mut Tx, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let statement = "SELECT name FROM jobs WHERE due_at > $1 OR (holder IS NOT NULL AND lease_until > $1)";
    let rows = tx.all(query(statement).bind(now.0)).await?;
    rows.iter().map(|row| row.get("name")).collect()
}

/// Takes a job that is due and that nobody does, until the lease ends; how often in a row it failed, or none where there is nothing to
/// take.
pub async fn claim(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let statement = "INSERT INTO jobs (name, holder, lease_until, due_at, failures) VALUES ($1, $2, $3, $4, 0) ON CONFLICT (name) DO \
         UPDATE SET holder = $2, lease_until = $3 WHERE jobs.due_at <= $4 AND (jobs.holder IS NULL OR jobs.lease_until <= $4) \
         RETURNING failures";
    let statement = query(statement).bind(name.to_owned()).bind(holder.to_owned());
    let row = tx.one(statement.bind(until.0).bind(now.0)).await?;
    row.map(|row| row.get("failures")).transpose()
}

/// Keeps a job for longer, and holds its row until the commit: what else the transaction writes counts only while the job is the holder's.
/// False when the lease ended, whether or not another node took it: one that hangs behind must not find out by what it overwrites.
pub async fn renew(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let statement = "UPDATE jobs SET lease_until = $3 WHERE name = $1 AND holder = $2 AND lease_until > $4";
    let statement = query(statement).bind(name.to_owned()).bind(holder.to_owned());
    Ok(tx.execute(statement.bind(until.0).bind(now.0)).await? > 0)
}

/// Gives a job back that is due again at `due_at`, unless another node took it.
pub async fn finish(tx: &mut Tx, name: &str, holder: &str, due_at: Timestamp, failures: i64) -> Result<(), StoreError> {
    let statement = "UPDATE jobs SET holder = NULL, due_at = $3, failures = $4 WHERE name = $1 AND holder = $2";
    let statement = query(statement).bind(name.to_owned()).bind(holder.to_owned());
    tx.execute_later(statement.bind(due_at.0).bind(failures)).await
}

/// Gives back whatever a node holds; it stays due.
pub async fn release(tx: &mut Tx, holder: &str) -> Result<(), StoreError> {
    tx.execute_later(query("UPDATE jobs SET holder = NULL WHERE holder = $1").bind(holder.to_owned())).await
}
