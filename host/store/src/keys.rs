//! Signing keys.

use keyway_model::{KeyId, TenantId, Timestamp};
use sqlx::{Row as _, query};

use crate::{MasterKey, StoreError, Tx};

/// A signing key: its private half as PKCS #8 in hex, unsealed.
#[derive(Clone)]
pub struct SigningKey {
    /// The `kid`.
    pub id: KeyId,
    /// PKCS #8 document in hex.
    pub private_key: String,
    /// When it was made; the newest signs.
    pub created_at: Timestamp,
}

fn context(tenant: &TenantId, id: &KeyId) -> String {
    format!("signing_keys/{tenant}/{id}")
}

/// The keys of a tenant, newest first.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId, key: &MasterKey) -> Result<Vec<SigningKey>, StoreError> {
    let statement =
        "SELECT id, private_key_sealed, created_at FROM signing_keys WHERE tenant_id = $1 ORDER BY created_at DESC, id";
    let rows = tx.all(query(statement).bind(tenant.0.clone())).await?;
    rows.iter()
        .map(|row| {
            let id = KeyId(row.try_get("id")?);
            let private_key = key.open(&context(tenant, &id), &row.try_get::<String, _>("private_key_sealed")?)?;
            Ok(SigningKey { id, private_key, created_at: Timestamp(row.try_get("created_at")?) })
        })
        .collect()
}

/// Adds a key.
pub async fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    signing: &SigningKey,
    key: &MasterKey,
) -> Result<(), StoreError> {
    let statement = "INSERT INTO signing_keys (tenant_id, id, algorithm, private_key_sealed, created_at) VALUES ($1, $2, $3, \
         $4, $5)";
    let sealed = key.seal(&context(tenant, &signing.id), &signing.private_key)?;
    let statement = query(statement).bind(tenant.0.clone()).bind(signing.id.0.clone()).bind("ES384".to_owned());
    tx.execute(statement.bind(sealed).bind(signing.created_at.0)).await.map(|_| ())
}
