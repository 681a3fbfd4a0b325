//! Sessions, found by the hash of the browser's cookie.

use keyway_model::session::Session;
use keyway_model::{SessionId, TenantId, Timestamp, UserId};

use crate::statement::{Row, query};
use crate::{StoreError, Tx};

/// Adds a session.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, hash: &str, value: &Session) -> Result<(), StoreError> {
    let statement = "INSERT INTO sessions (tenant_id, id, secret_hash, user_id, authenticated_at, expires_at, user_agent, ip, \
         credential_epoch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let statement = query(statement).bind(tenant.0.clone()).bind(value.id.0.clone()).bind(hash.to_owned());
    let statement = statement.bind(value.user_id.0.clone()).bind(value.authenticated_at.0).bind(value.expires_at.0);
    let statement = statement.bind(value.user_agent.clone()).bind(value.ip.clone());
    tx.execute_later(statement.bind(value.credential_epoch)).await
}

/// The session with this hash, unless it expired, was ended with all others, or its user is suspended.
pub async fn find(tx: &mut Tx, tenant: &TenantId, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
    let statement = "SELECT s.id, s.user_id, s.authenticated_at, s.expires_at, s.user_agent, s.ip, s.credential_epoch FROM sessions s \
         WHERE s.tenant_id = $1 AND s.secret_hash = $2 AND s.expires_at > $3 AND s.credential_epoch = (SELECT u.credential_epoch FROM \
         users u WHERE u.tenant_id = s.tenant_id AND u.id = s.user_id AND u.is_suspended = 0)";
    let row = tx.one(query(statement).bind(tenant.0.clone()).bind(hash.to_owned()).bind(now.0)).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId(row.get("id")?),
        user_id: UserId(row.get("user_id")?),
        authenticated_at: Timestamp(row.get("authenticated_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
        credential_epoch: row.get("credential_epoch")?,
        user_agent: row.get("user_agent")?,
        ip: row.get("ip")?,
    })
}

/// The live sessions of a user, newest first; a hundred at most.
pub async fn of_user(
    tx: &mut Tx,
    tenant: &TenantId,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let statement = "SELECT id, user_id, authenticated_at, expires_at, user_agent, ip, credential_epoch FROM sessions WHERE tenant_id = $1 AND \
         user_id = $2 AND expires_at > $3 ORDER BY authenticated_at DESC, id LIMIT 100";
    let rows = tx.all(query(statement).bind(tenant.0.clone()).bind(user.0.clone()).bind(now.0)).await?;
    rows.iter().map(read).collect()
}

/// Ends a session of a user; false when the user has no such session.
pub async fn delete_by_id(tx: &mut Tx, tenant: &TenantId, user: &UserId, id: &SessionId) -> Result<bool, StoreError> {
    let statement = query("DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND id = $3");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(user.0.clone()).bind(id.0.clone())).await? > 0)
}

/// Ends the session with this hash; returns its id.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, hash: &str) -> Result<Option<SessionId>, StoreError> {
    let statement = query("DELETE FROM sessions WHERE tenant_id = $1 AND secret_hash = $2 RETURNING id");
    let row = tx.one(statement.bind(tenant.0.clone()).bind(hash.to_owned())).await?;
    row.map(|row| Ok(SessionId(row.get("id")?))).transpose()
}

/// Ends every session of a user.
pub async fn delete_of_user(tx: &mut Tx, tenant: &TenantId, user: &UserId) -> Result<u64, StoreError> {
    let statement = query("DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2");
    tx.execute(statement.bind(tenant.0.clone()).bind(user.0.clone())).await
}
