//! Grants and the codes and tokens that follow from them, known by hash.

use keyway_model::oauth::{Grant, StoredToken, TokenKind};
use keyway_model::{ApplicationId, GrantId, SessionId, TenantId, Timestamp, UserId};

use crate::statement::{Row, query};
use crate::{StoreError, Tx};

/// Adds a grant.
pub async fn insert_grant(tx: &mut Tx, tenant: &TenantId, grant: &Grant) -> Result<(), StoreError> {
    let statement = "INSERT INTO grants (tenant_id, id, user_id, application_id, session_id, scope, resources, nonce, \
         authenticated_at, created_at, credential_epoch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let statement = query(statement)
        .bind(tenant.0.clone())
        .bind(grant.id.0.clone())
        .bind(grant.user_id.0.clone())
        .bind(grant.application_id.0.clone())
        .bind(grant.session_id.0.clone())
        .bind(grant.scope.clone())
        .bind(serde_json::to_string(&grant.resources)?)
        .bind(grant.nonce.clone())
        .bind(grant.authenticated_at.0)
        .bind(grant.created_at.0)
        .bind(grant.credential_epoch);
    tx.execute_later(statement).await
}

/// Adds a token.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, token: &StoredToken) -> Result<(), StoreError> {
    let statement = "INSERT INTO tokens (tenant_id, hash, kind, grant_id, redirect_uri, code_challenge, created_at, expires_at, \
         scope) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let statement = query(statement)
        .bind(tenant.0.clone())
        .bind(token.hash.clone())
        .bind(token.kind.as_str().to_owned())
        .bind(token.grant_id.0.clone())
        .bind(token.redirect_uri.clone())
        .bind(token.code_challenge.clone())
        .bind(token.created_at.0)
        .bind(token.expires_at.0)
        .bind(token.scope.clone());
    tx.execute_later(statement).await
}

/// A token with its grant, whatever their state; the caller judges expiry, use and revocation. A grant of another credential
/// epoch than its user's counts as revoked.
pub async fn find(
    tx: &mut Tx,
    tenant: &TenantId,
    kind: TokenKind,
    hash: &str,
) -> Result<Option<(StoredToken, Grant)>, StoreError> {
    // The grant is found by its key alone: a plan that joins the tables before they are known to hold anything reads each of them for each
    // row of the other.
    let statement = "SELECT t.hash, t.grant_id, t.redirect_uri, t.code_challenge, t.created_at, t.expires_at, t.consumed_at, \
         t.scope AS token_scope, g.user_id, g.application_id, g.session_id, g.scope, g.resources, g.nonce, g.authenticated_at, \
         g.created_at AS granted_at, g.credential_epoch, CASE WHEN g.credential_epoch = (SELECT u.credential_epoch FROM users u WHERE \
         u.tenant_id = g.tenant_id AND u.id = g.user_id) THEN g.revoked_at ELSE COALESCE(g.revoked_at, 0) END AS revoked_at FROM tokens t \
         JOIN grants g ON g.tenant_id = $1 AND g.id = (SELECT i.grant_id FROM tokens i WHERE i.tenant_id = $1 AND i.hash = $2) WHERE \
         t.tenant_id = $1 AND t.hash = $2 AND t.kind = $3";
    let statement = query(statement).bind(tenant.0.clone()).bind(hash.to_owned()).bind(kind.as_str().to_owned());
    tx.one(statement).await?.map(|row| read(&row, kind)).transpose()
}

fn read(row: &Row, kind: TokenKind) -> Result<(StoredToken, Grant), StoreError> {
    let grant_id = GrantId(row.get("grant_id")?);
    let token = StoredToken {
        hash: row.get("hash")?,
        kind,
        grant_id: grant_id.clone(),
        redirect_uri: row.get("redirect_uri")?,
        code_challenge: row.get("code_challenge")?,
        created_at: Timestamp(row.get("created_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
        consumed_at: row.get::<Option<i64>>("consumed_at")?.map(Timestamp),
        scope: row.get("token_scope")?,
    };
    let grant = Grant {
        id: grant_id,
        user_id: UserId(row.get("user_id")?),
        application_id: ApplicationId(row.get("application_id")?),
        session_id: SessionId(row.get("session_id")?),
        scope: row.get("scope")?,
        resources: serde_json::from_str(&row.get::<String>("resources")?)?,
        nonce: row.get("nonce")?,
        authenticated_at: Timestamp(row.get("authenticated_at")?),
        credential_epoch: row.get("credential_epoch")?,
        created_at: Timestamp(row.get("granted_at")?),
        revoked_at: row.get::<Option<i64>>("revoked_at")?.map(Timestamp),
    };
    Ok((token, grant))
}

/// Uses the token up; false when it was used before, so that of fifty requests one wins.
pub async fn consume(tx: &mut Tx, tenant: &TenantId, hash: &str, now: Timestamp) -> Result<bool, StoreError> {
    let statement = "UPDATE tokens SET consumed_at = $3 WHERE tenant_id = $1 AND hash = $2 AND consumed_at IS NULL";
    Ok(tx.execute(query(statement).bind(tenant.0.clone()).bind(hash.to_owned()).bind(now.0)).await? == 1)
}

/// Refuses everything that follows from the grant from now on.
pub async fn revoke_grant(tx: &mut Tx, tenant: &TenantId, id: &GrantId, now: Timestamp) -> Result<(), StoreError> {
    let statement = "UPDATE grants SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(id.0.clone()).bind(now.0)).await.map(|_| ())
}

/// Revokes every grant of a user.
pub async fn revoke_of_user(tx: &mut Tx, tenant: &TenantId, user: &UserId, now: Timestamp) -> Result<(), StoreError> {
    let statement = "UPDATE grants SET revoked_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(user.0.clone()).bind(now.0)).await.map(|_| ())
}

/// Revokes the grants of a session whose application did not ask for offline access.
pub async fn revoke_of_session(
    tx: &mut Tx,
    tenant: &TenantId,
    session: &SessionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = "UPDATE grants SET revoked_at = $3 WHERE tenant_id = $1 AND session_id = $2 AND revoked_at IS NULL AND \
         ' ' || scope || ' ' NOT LIKE '% offline_access %'";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(session.0.clone()).bind(now.0)).await.map(|_| ())
}

/// Revokes every grant of a session, those for offline access too.
pub async fn revoke_all_of_session(
    tx: &mut Tx,
    tenant: &TenantId,
    session: &SessionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = "UPDATE grants SET revoked_at = $3 WHERE tenant_id = $1 AND session_id = $2 AND revoked_at IS NULL";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(session.0.clone()).bind(now.0)).await.map(|_| ())
}

/// Whether a session gave this application a grant; a client that signs its user out may have revoked it a moment before.
pub async fn has_grant(
    tx: &mut Tx,
    tenant: &TenantId,
    session: &SessionId,
    application: &ApplicationId,
) -> Result<bool, StoreError> {
    let statement = "SELECT id FROM grants WHERE tenant_id = $1 AND session_id = $2 AND application_id = $3 LIMIT 1";
    let statement = query(statement).bind(tenant.0.clone()).bind(session.0.clone()).bind(application.0.clone());
    Ok(tx.one(statement).await?.is_some())
}
