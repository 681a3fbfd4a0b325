//! Uploaded pictures.

use keyway_model::{TenantId, Timestamp};

use crate::statement::query;
use crate::{StoreError, Tx};

/// Adds a picture; the same once more changes nothing.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, id: &str, png: Vec<u8>, now: Timestamp) -> Result<(), StoreError> {
    let statement = query(
        "INSERT INTO images (tenant_id, id, png, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, id) DO NOTHING",
    );
    tx.execute(statement.bind(tenant.0.clone()).bind(id.to_owned()).bind(png).bind(now.0)).await.map(|_| ())
}

/// The picture with this id.
pub async fn find(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let statement = query("SELECT png FROM images WHERE tenant_id = $1 AND id = $2");
    let row = tx.one(statement.bind(tenant.0.clone()).bind(id.to_owned())).await?;
    row.map(|row| row.get("png")).transpose()
}
