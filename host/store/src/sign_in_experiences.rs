//! The sign-in settings of a tenant.

use keyway_model::TenantId;
use keyway_model::sign_in_experience::SignInExperience;
use serde_json::{Map, Value};

use crate::statement::query;
use crate::{StoreError, Tx, configuration};

/// The settings; the defaults when none were saved.
pub async fn get(tx: &mut Tx, tenant: &TenantId) -> Result<SignInExperience, StoreError> {
    let statement = query("SELECT settings FROM sign_in_experiences WHERE tenant_id = $1").bind(tenant.0.clone());
    let Some(row) = tx.one(statement).await? else { return Ok(SignInExperience::default()) };
    let stored: Map<String, Value> = serde_json::from_str(&row.get::<String>("settings")?)?;
    let (settings, ignored) = SignInExperience::from_stored(&stored).map_err(|refusal| {
        tracing::error!(%tenant, %refusal, "the sign-in settings cannot be read");
        StoreError::Inconsistent("sign_in_experiences")
    })?;
    if !ignored.is_empty() {
        tracing::warn!(%tenant, settings = ignored.join(", "), "settings that are not enforced are off");
    }
    Ok(settings)
}

/// Saves the settings.
pub async fn put(tx: &mut Tx, tenant: &TenantId, settings: &SignInExperience) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO sign_in_experiences (tenant_id, settings) VALUES ($1, $2) ON CONFLICT (tenant_id) DO UPDATE \
         SET settings = EXCLUDED.settings";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(serde_json::to_string(settings)?)).await.map(|_| ())
}
