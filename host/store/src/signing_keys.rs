//! Signing keys.

use keyway_model::{KeyId, TenantId, Timestamp};

use crate::configuration::changed;
use crate::statement::query;
use crate::{MasterKey, StoreError, Tx};

/// A signing key: its private half as PKCS #8 in hex, unsealed.
#[derive(Clone)]
pub struct SigningKey {
    /// The `kid`.
    pub id: KeyId,
    /// PKCS #8 document in hex.
    pub private_key: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
}

fn context(tenant: &TenantId, id: &KeyId) -> String {
    format!("signing_keys/{tenant}/{id}")
}

/// The keys of a tenant, the last to sign first.
pub async fn list(tx: &mut Tx, tenant: &TenantId, key: &MasterKey) -> Result<Vec<SigningKey>, StoreError> {
    let statement = "SELECT id, private_key_sealed, created_at, signs_from FROM signing_keys WHERE tenant_id = $1 ORDER BY signs_from DESC, id";
    let rows = tx.all(query(statement).bind(tenant.0.clone())).await?;
    rows.iter()
        .map(|row| {
            let id = KeyId(row.get("id")?);
            let private_key = key.open(&context(tenant, &id), &row.get::<String>("private_key_sealed")?)?;
            let (created_at, signs_from) = (row.get("created_at")?, row.get("signs_from")?);
            Ok(SigningKey { id, private_key, created_at: Timestamp(created_at), signs_from: Timestamp(signs_from) })
        })
        .collect()
}

/// Adds a key.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, signing: &SigningKey, key: &MasterKey) -> Result<(), StoreError> {
    let statement = "INSERT INTO signing_keys (tenant_id, id, algorithm, private_key_sealed, created_at, signs_from) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    let sealed = key.seal(&context(tenant, &signing.id), &signing.private_key)?;
    let statement = query(statement).bind(tenant.0.clone()).bind(signing.id.0.clone()).bind("ES384".to_owned());
    tx.execute(statement.bind(sealed).bind(signing.created_at.0).bind(signing.signs_from.0)).await?;
    changed(tx, tenant).await
}

/// Removes a key; whoever keeps its public half may trust it for a while.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &KeyId) -> Result<(), StoreError> {
    let statement = query("DELETE FROM signing_keys WHERE tenant_id = $1 AND id = $2");
    tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await?;
    changed(tx, tenant).await
}
