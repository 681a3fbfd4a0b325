//! Approves versions.

use keyway_model::FactoryId;
use keyway_store::connector_versions;
use serde_json::json;

use super::versions::{UploadedVersion, version};
use super::{FactoryError, event, serving};
use crate::Cx;
use crate::connectors::FourEyes;
use crate::connectors::rules::ATTEMPTS;
use crate::events::EventKind;

/// Agrees to what a version asks for.
#[tracing::instrument(name = "connector_factories.versions.approve", skip_all)]
pub async fn approve(cx: &Cx, factory: &FactoryId, digest: &str) -> Result<UploadedVersion, FactoryError> {
    let by = cx.actor.id().unwrap_or_default();
    // What serves decides who may approve: the approval is stored if that, and who uploaded it, are as they were judged.
    for _ in 0..ATTEMPTS {
        let (_, active) = serving(cx, factory).await?;
        let view = version(cx, factory, digest).await?;
        let by_another = match cx.core().parts.trust.four_eyes {
            FourEyes::Never => false,
            FourEyes::Publisher => view.asks_new.replaces.is_some(),
            FourEyes::Always => true,
        };
        if by_another && view.version.uploaded_by == by {
            return Err(FactoryError::FourEyes);
        }
        let event = event(cx, EventKind::FactoryVersionApproved, factory, Some(digest));
        let event = event.added("version", json!(view.version.manifest.version)).added("asks", json!(view.asks));
        let stored = cx.write(async move |tx| {
            crate::tenants::lock(tx, &cx.tenant).await?;
            let now = connector_versions::find(tx, &cx.tenant, factory, digest).await?;
            let now = now.ok_or(FactoryError::NotFound)?;
            let judged = &view.version;
            if connector_versions::active_of(tx, &cx.tenant, factory).await? != active
                || (&now.uploaded_by, &now.signer) != (&judged.uploaded_by, &judged.signer)
            {
                return Ok(false);
            }
            if connector_versions::approve(tx, &cx.tenant, factory, digest, by).await? {
                cx.emit(tx, event).await?;
            }
            Ok::<_, FactoryError>(true)
        });
        if stored.await? {
            return version(cx, factory, digest).await;
        }
    }
    Err(FactoryError::Contended)
}
