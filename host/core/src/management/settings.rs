//! The sign-in settings of a tenant.

use keyway_model::identifier::IdentifierKind;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, TenantId};
use keyway_store::{connectors, sign_in_experiences};
use serde_json::{Map, Value};

use crate::connectors::{enabled_kinds, stored};
use crate::{Core, CoreError};

/// The settings as anyone may see them.
pub struct PublicExperience {
    /// The settings.
    pub experience: SignInExperience,
    /// Identifier kinds by which a password can be reset.
    pub reset_kinds: Vec<IdentifierKind>,
}

impl Core {
    /// Applies a partial update; nothing is saved when a rule refuses.
    pub async fn update_sign_in_experience(
        &self,
        tenant: &TenantId,
        patch: Map<String, Value>,
    ) -> Result<SignInExperience, CoreError> {
        if *tenant == TenantId::admin() {
            return Err(ErrorCode::Forbidden.into());
        }
        let key = self.parts.master_key.clone();
        self.parts
            .store
            .write(async move |tx| {
                crate::tenants::lock(tx, tenant).await?;
                // Read under the tenant's lock, which every change of connectors takes as well.
                let connectors = enabled_kinds(&connectors::list(tx, tenant, &key).await?);
                let next = sign_in_experiences::get(tx, tenant).await?.patched(&patch, &connectors)?;
                sign_in_experiences::put(tx, tenant, &next).await?;
                Ok(next)
            })
            .await
    }

    /// The settings as anyone may see them.
    pub async fn public_experience(&self, tenant: &TenantId) -> Result<PublicExperience, CoreError> {
        let experience = self.sign_in_experience(tenant).await?;
        let reset_kinds = experience.reset_kinds(&enabled_kinds(&stored(self, tenant).await?));
        Ok(PublicExperience { experience, reset_kinds })
    }
}
