//! The sign-in settings of a tenant.

use keyway_model::identifier::IdentifierKind;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, TenantId};
use keyway_store::{connectors, sign_in_experiences};
use serde_json::{Map, Value};

use crate::connectors::enabled_kinds;
use crate::events::{Event, EventKind, shown};
use crate::{CoreError, Cx};

/// The settings as anyone may see them.
pub struct PublicExperience {
    /// The settings.
    pub experience: SignInExperience,
    /// Identifier kinds by which a password can be reset.
    pub reset_kinds: Vec<IdentifierKind>,
}

/// The tenant's sign-in settings.
pub async fn get(cx: &Cx) -> Result<SignInExperience, CoreError> {
    Ok(cx.core().settings(&cx.tenant).await?.experience.clone())
}

/// The settings as anyone may see them.
pub async fn public(cx: &Cx) -> Result<PublicExperience, CoreError> {
    let settings = cx.core().settings(&cx.tenant).await?;
    let reset_kinds = settings.experience.reset_kinds(&settings.connector_kinds());
    Ok(PublicExperience { experience: settings.experience.clone(), reset_kinds })
}

/// Applies a partial update: each given setting replaces that whole one. Nothing is saved when a rule refuses; the operators'
/// tenant stays as it is.
#[tracing::instrument(name = "sign_in_experience.update", skip_all)]
pub async fn update(cx: &Cx, patch: Map<String, Value>) -> Result<SignInExperience, CoreError> {
    if cx.tenant == TenantId::admin() {
        return Err(ErrorCode::Forbidden.into());
    }
    cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        // Read under the tenant's lock, which every change of connectors takes as well.
        let connectors = enabled_kinds(&connectors::list(tx, &cx.tenant, &cx.core().parts.master_key).await?);
        let before = sign_in_experiences::get(tx, &cx.tenant).await?;
        let after = before.patched(&patch, &connectors)?;
        sign_in_experiences::put(tx, &cx.tenant, &after).await?;
        let event = Event::new(EventKind::SignInExperienceUpdated).changed(shown(&before), shown(&after));
        cx.emit(tx, event.only_of_changes()).await?;
        Ok(after)
    })
    .await
}
