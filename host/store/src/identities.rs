//! Identities of outside providers that sign in to an account.

use std::collections::HashMap;

use keyway_model::user::Identity;
use keyway_model::{TenantId, Timestamp, UserId};

use crate::statement::{Row, assembled, query};
use crate::{StoreError, Tx};

/// Whose identity it is: by target, issuer and id. An identity that was kept under `formerly` counts where there is none of its
/// issuer.
pub async fn find_user(
    tx: &mut Tx,
    tenant: &TenantId,
    identity: &Identity,
    formerly: &str,
) -> Result<Option<UserId>, StoreError> {
    let statement = "SELECT user_id, issuer FROM user_identities WHERE tenant_id = $1 AND target = $2 AND identity_id = $3 AND \
         issuer IN ($4, $5)";
    let statement = query(statement).bind(tenant.0.clone()).bind(identity.target.clone());
    let statement = statement.bind(identity.id.clone()).bind(identity.issuer.clone()).bind(formerly.to_owned());
    let mut found = None;
    for row in tx.all(statement).await? {
        let (user, issuer): (String, String) = (row.get("user_id")?, row.get("issuer")?);
        if found.is_none() || issuer == identity.issuer {
            found = Some(UserId(user));
        }
    }
    Ok(found)
}

/// A user's identities.
pub async fn list(tx: &mut Tx, tenant: &TenantId, user: &UserId) -> Result<Vec<Identity>, StoreError> {
    let statement = "SELECT target, issuer, identity_id, details FROM user_identities WHERE tenant_id = $1 AND user_id = $2 ORDER BY \
         target";
    let rows = tx.all(query(statement).bind(tenant.0.clone()).bind(user.0.clone())).await?;
    rows.iter().map(read).collect()
}

/// The identities of several users, in one statement.
pub async fn of_users(
    tx: &mut Tx,
    tenant: &TenantId,
    users: &[UserId],
) -> Result<HashMap<UserId, Vec<Identity>>, StoreError> {
    let mut found: HashMap<UserId, Vec<Identity>> = HashMap::new();
    if users.is_empty() {
        return Ok(found);
    }
    let places: Vec<String> = (2..users.len() + 2).map(|number| format!("${number}")).collect();
    let text = format!(
        "SELECT user_id, target, issuer, identity_id, details FROM user_identities WHERE tenant_id = $1 AND user_id IN ({}) ORDER BY \
         target",
        places.join(", ")
    );
    let statement = assembled(text).bind(tenant.0.clone());
    let statement = users.iter().fold(statement, |statement, user| statement.bind(user.0.clone()));
    for row in &tx.all(statement).await? {
        found.entry(UserId(row.get("user_id")?)).or_default().push(read(row)?);
    }
    Ok(found)
}

fn read(row: &Row) -> Result<Identity, StoreError> {
    Ok(Identity {
        target: row.get("target")?,
        issuer: row.get("issuer")?,
        id: row.get("identity_id")?,
        details: serde_json::from_str(&row.get::<String>("details")?)?,
    })
}

/// Links an identity to an account, or renews the details of its own, with the issuer of one that was kept under `formerly`. One
/// that is another account's stays there: a unique violation.
pub async fn put(
    tx: &mut Tx,
    tenant: &TenantId,
    user: &UserId,
    identity: &Identity,
    formerly: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let bound = |statement| {
        let statement = query(statement).bind(tenant.0.clone()).bind(identity.target.clone());
        let statement = statement.bind(identity.id.clone()).bind(user.0.clone());
        statement.bind(identity.details.to_string()).bind(identity.issuer.clone())
    };
    let renew = "UPDATE user_identities SET details = $5, issuer = $6 WHERE tenant_id = $1 AND target = $2 AND identity_id = $3 AND \
         user_id = $4 AND issuer IN ($6, $7)";
    if tx.execute(bound(renew).bind(formerly.to_owned())).await? > 0 {
        return Ok(());
    }
    let insert = "INSERT INTO user_identities (tenant_id, target, identity_id, user_id, details, issuer, created_at) VALUES ($1, $2, \
         $3, $4, $5, $6, $7)";
    tx.execute(bound(insert).bind(now.0)).await.map(|_| ())
}

/// Unlinks an identity; false when there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, user: &UserId, target: &str) -> Result<bool, StoreError> {
    let statement = "DELETE FROM user_identities WHERE tenant_id = $1 AND user_id = $2 AND target = $3";
    let statement = query(statement).bind(tenant.0.clone()).bind(user.0.clone()).bind(target.to_owned());
    Ok(tx.execute(statement).await? > 0)
}
