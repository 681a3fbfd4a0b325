//! Puts another version to service, and brings back the one before.

use std::sync::Arc;

use keyway_model::connector::{Connector, Version, VersionState};
use keyway_model::marks::Marks;
use keyway_model::reason::Outcome;
use keyway_model::{Detail, FactoryId, Reason};
use keyway_sandbox::{CallError, Component, Sandbox};
use keyway_store::{connector_versions, connectors};
use serde_json::json;

use super::versions::{UploadedVersion, versions};
use super::{FactoryError, event, serving};
use crate::Cx;
use crate::connectors::rules::{ATTEMPTS, is_same};
use crate::connectors::{schema, stored};
use crate::events::EventKind;

/// Which component serves next.
enum Replacement {
    Uploaded(Box<Version>),
    OfBinary,
}

/// A component that is to serve.
struct NextComponent<'c> {
    factory: &'c FactoryId,
    component: Arc<Component>,
    /// The digest of an uploaded version; none for the binary's.
    digest: Option<String>,
    /// Whether configurations come back as they were when it last served.
    is_back: bool,
}

/// Makes an approved version serve. The one before serves until the new one has accepted every stored configuration.
#[tracing::instrument(name = "connector_factories.versions.activate", skip_all)]
pub async fn activate(cx: &Cx, factory: &FactoryId, digest: &str) -> Result<(), FactoryError> {
    let found = cx.read(async |tx| connector_versions::find(tx, &cx.tenant, factory, digest).await).await?;
    let version = found.ok_or(FactoryError::NotFound)?;
    let next = loaded(cx, factory, Replacement::Uploaded(Box::new(version)), false).await?;
    switch(cx, next, EventKind::FactoryVersionActivated).await
}

/// Brings back the version that served before, with the configurations it had; without one, the binary's.
#[tracing::instrument(name = "connector_factories.roll_back", skip_all)]
pub async fn roll_back(cx: &Cx, factory: &FactoryId) -> Result<(), FactoryError> {
    let all = versions(cx).await?.into_iter().filter(|view| view.version.factory_id == *factory);
    let all: Vec<UploadedVersion> = all.collect();
    if !all.iter().any(|view| view.version.state == VersionState::Active) {
        return Err(FactoryError::NoEarlierVersion);
    }
    let retired = all.into_iter().filter(|view| view.version.state == VersionState::Retired);
    let target = match retired.max_by_key(|view| view.version.activated_at) {
        Some(view) => Replacement::Uploaded(Box::new(view.version)),
        None if cx.core().registry.of_binary(factory).is_some() => Replacement::OfBinary,
        None => return Err(FactoryError::NoEarlierVersion),
    };
    let next = loaded(cx, factory, target, true).await?;
    switch(cx, next, EventKind::FactoryRolledBack).await
}

async fn loaded<'c>(
    cx: &Cx,
    factory: &'c FactoryId,
    target: Replacement,
    is_back: bool,
) -> Result<NextComponent<'c>, FactoryError> {
    let registry = &cx.core().registry;
    let (component, digest) = match target {
        Replacement::Uploaded(version) => {
            if version.approved_by.is_none() {
                return Err(FactoryError::NotApproved);
            }
            let digest = version.digest;
            let wasm = cx.read(async |tx| connector_versions::wasm(tx, &cx.tenant, factory, &digest).await).await?;
            (registry.sandbox().load(&wasm.ok_or(FactoryError::NotFound)?).await?, Some(digest))
        }
        Replacement::OfBinary => {
            let own = registry.of_binary(factory).ok_or(FactoryError::NotFound)?;
            (Arc::clone(own.component(registry.sandbox()).await?), None)
        }
    };
    Ok(NextComponent { factory, component, digest, is_back })
}

async fn switch(cx: &Cx, next: NextComponent<'_>, kind: EventKind) -> Result<(), FactoryError> {
    let (core, factory) = (cx.core(), next.factory);
    let of_binary = core.registry.of_binary(factory).map(|own| own.digest.clone());
    // The version judges every configuration outside the transaction; it serves if those are what is still stored.
    for _ in 0..ATTEMPTS {
        let (serves, active) = serving(cx, factory).await?;
        if next.is_back && active == next.digest {
            return Ok(());
        }
        let shown = serves.map_or_else(Marks::default, |serves| Marks::of(&serves.manifest.config));
        let changed = judged(cx, &next, &shown).await?;
        let outgoing = active.clone().or_else(|| of_binary.clone());
        let event = event(cx, kind, factory, Some(next.component.digest()));
        let event = event.removed("digest", json!(outgoing)).added("digest", json!(next.component.digest()));
        let (digest, key, now) = (next.digest.clone(), core.parts.master_key.clone(), core.now());
        let done = cx.write(async move |tx| {
            crate::tenants::lock(tx, &cx.tenant).await?;
            if connector_versions::active_of(tx, &cx.tenant, factory).await? != active
                || !are_stored(&connectors::list(tx, &cx.tenant, &key).await?, factory, &changed)
            {
                return Ok(false);
            }
            if let Some(digest) = &digest {
                let version = connector_versions::find(tx, &cx.tenant, factory, digest).await?;
                version.ok_or(FactoryError::NotFound)?.approved_by.ok_or(FactoryError::NotApproved)?;
            }
            for (before, next) in &changed {
                if let Some(outgoing) = &outgoing {
                    let place = (factory, outgoing.as_str());
                    connector_versions::keep_config(tx, &cx.tenant, place, &before.id, &before.config, &key).await?;
                }
                if next.config != before.config || next.marks != before.marks {
                    connectors::update(tx, &cx.tenant, next, &key).await?;
                }
            }
            connector_versions::activate(tx, &cx.tenant, factory, digest.as_deref(), now).await?;
            cx.emit(tx, event).await?;
            Ok::<_, FactoryError>(true)
        });
        if done.await? {
            return Ok(core.registry.reconcile(&core.parts.store, &cx.tenant).await?);
        }
    }
    Err(FactoryError::Contended)
}

/// The factory's connectors as they are and as they go on, which the component has accepted. What was entered as a secret, or is
/// `shown` as one, stays one, whatever the component says of it.
async fn judged(cx: &Cx, next: &NextComponent<'_>, shown: &Marks) -> Result<Vec<(Connector, Connector)>, FactoryError> {
    let (core, component) = (cx.core(), &next.component);
    let mut changed = Vec::new();
    for before in stored(core, &cx.tenant).await?.into_iter().filter(|one| one.factory_id == *next.factory) {
        let mut after = before.clone();
        if next.is_back {
            let (place, key) = ((next.factory, component.digest()), &core.parts.master_key);
            let kept =
                cx.read(async |tx| connector_versions::kept_config(tx, &cx.tenant, place, &before.id, key).await);
            after.config = kept.await?.unwrap_or(after.config);
        }
        after.marks = after.marks.and(shown).and(&Marks::of(&component.manifest().config));
        dry_run(core.registry.sandbox(), component, &after).await?;
        changed.push((before, after));
    }
    Ok(changed)
}

/// Whether the factory's connectors are still those that were judged.
fn are_stored(stored: &[Connector], factory: &FactoryId, judged: &[(Connector, Connector)]) -> bool {
    let mut of_factory = stored.iter().filter(|one| one.factory_id == *factory);
    of_factory.clone().count() == judged.len() && of_factory.all(|now| judged.iter().any(|(one, _)| is_same(one, now)))
}

/// A stored configuration must suit the version that is to serve.
async fn dry_run(sandbox: &Arc<Sandbox>, component: &Component, connector: &Connector) -> Result<(), FactoryError> {
    let refused = |cause: Detail| FactoryError::ConfigRefused { connector: connector.id.clone(), cause };
    schema::check_in_time(component.manifest(), &connector.config).await.map_err(refused)?;
    match sandbox.validate_marked(component, &connector.config, &connector.marks).await {
        Ok(()) => Ok(()),
        Err(CallError::Failure(failure)) => Err(refused(Detail::Quoted(failure.message.into()))),
        Err(error) => Err(refused(Reason::ValidateFailed { outcome: Outcome(error.outcome()) }.into())),
    }
}
