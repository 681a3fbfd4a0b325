//! Counters of limits: what was counted under a name and when, shared by all nodes.

use std::collections::HashMap;

use keyway_model::history::History;
use keyway_model::{TenantId, Timestamp};

use crate::statement::{Row, assembled, query};
use crate::{StoreError, Tx};

/// A counter: its name, how finely it tells time, and how long it remembers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// Name.
    pub name: String,
    /// Milliseconds that are counted together.
    pub resolution: i64,
    /// Seconds after which it forgets.
    pub keep: i64,
}

/// Most stretches of time that a counter remembers.
const MAX_BUCKETS: usize = 300;

/// Milliseconds that a row's end is rounded up to: the index of ends is written when one changes, which is not at each count.
const END: i64 = 3_600_000;

fn histories(counters: &[Counter], rows: &[Row]) -> Result<HashMap<String, History>, StoreError> {
    let mut found: HashMap<String, History> =
        counters.iter().map(|counter| (counter.name.clone(), History::new(counter.resolution))).collect();
    for row in rows {
        let text: String = row.get("history")?;
        if !text.is_empty() {
            found.insert(row.get("name")?, serde_json::from_str(&text)?);
        }
    }
    Ok(found)
}

/// Reads counters and keeps them locked until the commit, in the order of their names, so that two transactions do not wait for
/// each other.
pub async fn lock(
    tx: &mut Tx,
    tenant: &TenantId,
    counters: &[Counter],
    now: Timestamp,
) -> Result<HashMap<String, History>, StoreError> {
    let mut names: Vec<&str> = counters.iter().map(|counter| counter.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<String> = (0..names.len()).map(|index| format!("($1, ${}, '', $2)", index + 3)).collect();
    // A row that is there is written as it is: that locks it.
    let statement = format!(
        "INSERT INTO counters (tenant_id, name, history, expires_at) VALUES {} ON CONFLICT (tenant_id, name) DO UPDATE SET \
         history = counters.history RETURNING name, history",
        rows.join(", ")
    );
    let bound = assembled(statement).bind(tenant.0.clone()).bind(now.0);
    let bound = names.iter().fold(bound, |query, name| query.bind((*name).to_owned()));
    histories(counters, &tx.all(bound).await?)
}

/// Reads counters as they are.
pub async fn read(
    tx: &mut Tx,
    tenant: &TenantId,
    counters: &[Counter],
) -> Result<HashMap<String, History>, StoreError> {
    if counters.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<String> = (0..counters.len()).map(|index| format!("${}", index + 2)).collect();
    let statement =
        format!("SELECT name, history FROM counters WHERE tenant_id = $1 AND name IN ({})", names.join(", "));
    let bound = assembled(statement).bind(tenant.0.clone());
    let bound = counters.iter().fold(bound, |query, counter| query.bind(counter.name.clone()));
    histories(counters, &tx.all(bound).await?)
}

/// Writes a counter that is locked.
pub async fn write(
    tx: &mut Tx,
    tenant: &TenantId,
    counter: &Counter,
    mut history: History,
    now: Timestamp,
) -> Result<(), StoreError> {
    history.prune(counter.keep, MAX_BUCKETS, now);
    let statement = "UPDATE counters SET history = $3, expires_at = $4 WHERE tenant_id = $1 AND name = $2";
    let bound = query(statement).bind(tenant.0.clone()).bind(counter.name.clone());
    let end = now.plus_seconds(counter.keep + counter.resolution / 1000 + 1);
    let end = (end.0 / END + 1).saturating_mul(END);
    tx.execute_later(bound.bind(serde_json::to_string(&history)?).bind(end)).await
}
