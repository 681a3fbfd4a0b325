//! Sentences of the sign-in pages in a tenant's own words, by language.

use keyway_model::TenantId;
use keyway_model::custom_phrases::Phrases;

use crate::configuration::changed;
use crate::statement::query;
use crate::{StoreError, Tx};

/// All of them.
pub async fn list(tx: &mut Tx, tenant: &TenantId) -> Result<Vec<(String, Phrases)>, StoreError> {
    let statement = query("SELECT language, phrases FROM phrases WHERE tenant_id = $1 ORDER BY language");
    let rows = tx.all(statement.bind(tenant.0.clone())).await?;
    rows.iter().map(|row| Ok((row.get("language")?, serde_json::from_str(&row.get::<String>("phrases")?)?))).collect()
}

/// Puts those of a language in the place of what was there.
pub async fn put(tx: &mut Tx, tenant: &TenantId, language: &str, phrases: &Phrases) -> Result<(), StoreError> {
    let statement = query(
        "INSERT INTO phrases (tenant_id, language, phrases) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant_id, language) DO UPDATE SET phrases = excluded.phrases",
    );
    let statement = statement.bind(tenant.0.clone()).bind(language.to_owned());
    tx.execute(statement.bind(serde_json::to_string(phrases)?)).await?;
    changed(tx, tenant).await
}

/// Removes those of a language; false when there were none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, language: &str) -> Result<bool, StoreError> {
    let statement = query("DELETE FROM phrases WHERE tenant_id = $1 AND language = $2");
    let deleted = tx.execute(statement.bind(tenant.0.clone()).bind(language.to_owned())).await? > 0;
    changed(tx, tenant).await?;
    Ok(deleted)
}
