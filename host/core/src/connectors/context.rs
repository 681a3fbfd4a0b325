//! What a configured connector brings into a call and keeps after it.

use std::collections::BTreeMap;

use keyway_model::connector::Connector;
use keyway_model::{ConnectorId, TenantId};
use keyway_sandbox::{CacheEntry, Context, Report};
use keyway_store::connector_cache;

use super::Factory;
use crate::{Core, CoreError};

impl Core {
    /// The context of a call. What was kept is read for components that use the feature alone; a failing read means an empty
    /// cache, since every value in it can be had anew.
    pub(super) async fn call_context(&self, tenant: &TenantId, connector: &Connector, factory: &Factory) -> Context {
        let mut context = Context { marks: connector.marks.clone(), ..Context::new(connector.config.clone()) };
        if factory.manifest.features.iter().any(|feature| feature == "cache") {
            let (owner, id, key, now) =
                (tenant.clone(), connector.id.clone(), self.parts.master_key.clone(), self.now());
            let read = self
                .parts
                .store
                .read(async move |tx| Ok::<_, CoreError>(connector_cache::list(tx, &owner, &id, &key, now).await?));
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
    pub(super) async fn keep_cache(&self, tenant: &TenantId, connector: &ConnectorId, report: &Report) {
        if report.cache.is_empty() {
            return;
        }
        let (owner, id, key, changes) =
            (tenant.clone(), connector.clone(), self.parts.master_key.clone(), report.cache.clone());
        let written = self.parts.store.write(async move |tx| {
            for (name, entry) in changes {
                match entry {
                    Some(entry) => {
                        let entry = (name, entry.value, entry.expires_at);
                        connector_cache::put(tx, &owner, &id, entry, &key).await?;
                    }
                    None => connector_cache::delete(tx, &owner, &id, Some(&name)).await?,
                }
            }
            Ok::<_, CoreError>(())
        });
        if let Err(error) = written.await {
            tracing::warn!(%error, connector = %connector, "the connector's cache cannot be written");
        }
    }
}
