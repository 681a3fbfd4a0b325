//! Sign-ins under way: one row each, found by the hash of the browser's cookie.

use keyway_model::interaction::Interaction;
use keyway_model::{TenantId, Timestamp};

use crate::statement::query;
use crate::{StoreError, Tx};

/// Adds an interaction.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, hash: &str, value: &Interaction) -> Result<(), StoreError> {
    let statement = "INSERT INTO interactions (tenant_id, secret_hash, data, expires_at) VALUES ($1, $2, $3, $4)";
    let statement = query(statement).bind(tenant.0.clone()).bind(hash.to_owned());
    tx.execute_later(statement.bind(serde_json::to_string(value)?).bind(value.expires_at.0)).await
}

const SELECT: &str = "SELECT data FROM interactions WHERE tenant_id = $1 AND secret_hash = $2 AND expires_at > $3";
const LOCKING: &str =
    "SELECT data FROM interactions WHERE tenant_id = $1 AND secret_hash = $2 AND expires_at > $3 FOR UPDATE";

/// The interaction with this hash, unless it expired. It stays locked until the commit, so that its steps follow each other.
pub async fn find(
    tx: &mut Tx,
    tenant: &TenantId,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Interaction>, StoreError> {
    let statement = tx.statement(SELECT, LOCKING);
    one(tx, statement, tenant, hash, now).await
}

/// The same for looking alone: it waits for no step and no step waits for it.
pub async fn read(
    tx: &mut Tx,
    tenant: &TenantId,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Interaction>, StoreError> {
    one(tx, SELECT, tenant, hash, now).await
}

async fn one(
    tx: &mut Tx,
    statement: &'static str,
    tenant: &TenantId,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Interaction>, StoreError> {
    let statement = query(statement).bind(tenant.0.clone()).bind(hash.to_owned());
    let Some(row) = tx.one(statement.bind(now.0)).await? else { return Ok(None) };
    Ok(readable(&row.get::<String>("data")?))
}

/// The interaction, unless a node of a later release wrote it in a form that this one does not read: the person starts again.
fn readable(data: &str) -> Option<Interaction> {
    match serde_json::from_str(data) {
        Ok(interaction) => Some(interaction),
        Err(error) => {
            // The error's text may hold what was typed.
            tracing::warn!(column = error.column(), "an interaction is in a form that this release does not read");
            None
        }
    }
}

/// Writes the interaction.
pub async fn update(tx: &mut Tx, tenant: &TenantId, hash: &str, value: &Interaction) -> Result<(), StoreError> {
    let statement = "UPDATE interactions SET data = $3, expires_at = $4 WHERE tenant_id = $1 AND secret_hash = $2";
    let statement = query(statement).bind(tenant.0.clone()).bind(hash.to_owned());
    tx.execute_later(statement.bind(serde_json::to_string(value)?).bind(value.expires_at.0)).await
}

/// Removes the interaction.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, hash: &str) -> Result<(), StoreError> {
    let statement = query("DELETE FROM interactions WHERE tenant_id = $1 AND secret_hash = $2");
    tx.execute_later(statement.bind(tenant.0.clone()).bind(hash.to_owned())).await
}

#[cfg(test)]
mod tests {
    use keyway_model::oauth::Authorization;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_of_a_later_release_means_to_start_again() {
        let made = Interaction::new("i".into(), "app".into(), Authorization::default(), "0".into(), Timestamp(0));
        let mut written = serde_json::to_value(&made).unwrap();
        assert!(readable(&written.to_string()).is_some());
        written["version"] = json!(1000);
        assert!(readable(&written.to_string()).is_none());
        assert!(readable("{}").is_none());
    }
}
