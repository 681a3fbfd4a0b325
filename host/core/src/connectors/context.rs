//! What a configured connector brings into a call and keeps after it.

use std::collections::BTreeMap;

use keyway_model::ConnectorId;
use keyway_model::connector::Connector;
use keyway_sandbox::{CacheEntry, Context, Report};
use keyway_store::{StoreError, connector_cache};

use super::Factory;
use crate::Cx;

/// The context of a call. What was kept is read for components that use the feature alone; a failing read means an empty
/// cache, since every value in it can be had anew.
pub(super) async fn call_context(cx: &Cx, connector: &Connector, factory: &Factory) -> Context {
    let mut context = Context { marks: connector.marks.clone(), ..Context::new(connector.config.clone()) };
    if factory.manifest.features.iter().any(|feature| feature == "cache") {
        let (key, now) = (&cx.core().parts.master_key, cx.core().now());
        let read = cx.read(async |tx| connector_cache::list(tx, &cx.tenant, &connector.id, key, now).await);
        match read.await {
            Ok(entries) => {
                let entry = |(name, value, expires_at)| (name, CacheEntry { value, expires_at });
                context.cache = entries.into_iter().map(entry).collect::<BTreeMap<_, _>>();
            }
            Err(error) => tracing::warn!(%error, connector = %connector.id, "the connector's cache cannot be read"),
        }
    }
    context
}

/// Keeps what a call kept.
pub(super) async fn keep_cache(cx: &Cx, connector: &ConnectorId, report: &Report) {
    if report.cache.is_empty() {
        return;
    }
    let (key, changes) = (&cx.core().parts.master_key, &report.cache);
    let written = cx.write(async |tx| {
        for (name, entry) in changes {
            match entry {
                Some(entry) => {
                    let entry = (name.clone(), entry.value.clone(), entry.expires_at);
                    connector_cache::put(tx, &cx.tenant, connector, entry, key).await?;
                }
                None => connector_cache::delete(tx, &cx.tenant, connector, Some(name)).await?,
            }
        }
        Ok::<_, StoreError>(())
    });
    if let Err(error) = written.await {
        tracing::warn!(%error, connector = %connector, "the connector's cache cannot be written");
    }
}
