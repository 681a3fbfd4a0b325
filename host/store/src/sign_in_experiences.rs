//! The sign-in settings of a tenant.

use keyway_model::TenantId;
use keyway_model::sign_in_experience::SignInExperience;

use crate::statement::query;
use crate::{StoreError, Tx, configuration};

/// The settings; the defaults when none were saved.
pub async fn get(tx: &mut Tx, tenant: &TenantId) -> Result<SignInExperience, StoreError> {
    let statement = query("SELECT settings FROM sign_in_experiences WHERE tenant_id = $1").bind(tenant.0.clone());
    match tx.one(statement).await? {
        Some(row) => Ok(serde_json::from_str(&row.get::<String>("settings")?)?),
        None => Ok(SignInExperience::default()),
    }
}

/// Saves the settings.
pub async fn put(tx: &mut Tx, tenant: &TenantId, settings: &SignInExperience) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO sign_in_experiences (tenant_id, settings) VALUES ($1, $2) ON CONFLICT (tenant_id) DO UPDATE \
         SET settings = EXCLUDED.settings";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(serde_json::to_string(settings)?)).await.map(|_| ())
}
