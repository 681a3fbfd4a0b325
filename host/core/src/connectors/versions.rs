//! The life of an uploaded component: staged, approved, active, retired; and the way back.

use std::collections::HashMap;
use std::sync::Arc;

use keyway_model::connector::{Asks, Connector, Publisher, Version, VersionState};
use keyway_model::consent::{Serving, asks, asks_new};
use keyway_model::marks::Marks;
use keyway_model::{ErrorCode, FactoryId, Refusal, TenantId};
use keyway_sandbox::{CallError, Component, LoadError, Sandbox};
use keyway_store::{StoreError, connector_versions, connectors};
use serde_json::{Value, json};

use super::configure::{ATTEMPTS, is_same};
use super::schema;
use super::upload::full;
use super::{Factory, FourEyes};
use crate::logs::Event;
use crate::{Core, CoreError, Visitor};

/// A version as an admin sees it.
#[derive(Clone)]
pub struct VersionView {
    /// The version.
    pub version: Version,
    /// What it asks for.
    pub asks: Asks,
    /// What of that is new beside the version that serves.
    pub asks_new: Asks,
}

/// Which component serves next.
enum Target {
    Uploaded(Box<Version>),
    OfBinary,
}

impl Core {
    /// Every uploaded version, newest first.
    pub async fn connector_versions(&self, tenant: &TenantId) -> Result<Vec<VersionView>, CoreError> {
        let owner = tenant.clone();
        let found = self.read(async move |tx| connector_versions::list(tx, &owner).await).await?;
        let connectors = self.stored_connectors(tenant).await?;
        let view = |version: &Version| self.version_view(tenant, version, &found, &connectors);
        Ok(found.iter().map(view).collect())
    }

    /// One uploaded version.
    pub async fn connector_version(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        digest: &str,
    ) -> Result<VersionView, CoreError> {
        let all = self.connector_versions(tenant).await?;
        let wanted = |view: &VersionView| view.version.factory_id == *factory && view.version.digest == digest;
        all.into_iter().find(wanted).ok_or_else(|| ErrorCode::EntityNotFound.into())
    }

    async fn stored_version(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        digest: &str,
    ) -> Result<Option<Version>, CoreError> {
        let (owner, digest) = (tenant.clone(), digest.to_owned());
        self.read(async move |tx| connector_versions::find(tx, &owner, factory, &digest).await).await
    }

    fn publisher(&self, version: &Version) -> Publisher {
        match &version.signer {
            _ if self.is_official(&version.digest) => Publisher::Official,
            Some(key) => Publisher::Key(key.clone()),
            None => Publisher::Uploader(version.uploaded_by.clone()),
        }
    }

    fn version_view(
        &self,
        tenant: &TenantId,
        version: &Version,
        all: &[Version],
        connectors: &[Connector],
    ) -> VersionView {
        let publisher = self.publisher(version);
        let serving = self.registry.get(tenant, &version.factory_id);
        let theirs = serving.as_ref().map(|serving| {
            let is_it = |one: &&Version| one.factory_id == version.factory_id && one.digest == serving.digest;
            all.iter().find(is_it).map_or(Publisher::Official, |one| self.publisher(one))
        });
        let of_factory = connectors.iter().filter(|connector| connector.factory_id == version.factory_id);
        let marks = of_factory.fold(Marks::default(), |marks, connector| marks.and(&connector.marks));
        let serving = serving.as_ref().zip(theirs.as_ref()).map(|(serving, publisher)| Serving {
            manifest: &serving.manifest,
            publisher,
            marks: &marks,
        });
        VersionView {
            asks: asks(&version.manifest, &publisher),
            asks_new: asks_new(&version.manifest, &publisher, serving),
            version: version.clone(),
        }
    }

    /// An admin agrees to what the version asks for.
    pub async fn approve_connector(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        digest: &str,
        by: String,
        visitor: &Visitor,
    ) -> Result<VersionView, CoreError> {
        let audit = self.version_event("Connector.Approve", factory, digest, &by, visitor);
        // What serves decides who may approve: the approval is stored if that, and who uploaded it, are as they were judged.
        for _ in 0..ATTEMPTS {
            let (_, active) = self.serving(tenant, factory).await?;
            let view = self.connector_version(tenant, factory, digest).await?;
            let by_another = match self.parts.trust.four_eyes {
                FourEyes::Never => false,
                FourEyes::Publisher => view.asks_new.replaces.is_some(),
                FourEyes::Always => true,
            };
            if by_another && view.version.uploaded_by == by {
                return Err(ErrorCode::ConnectorFourEyes.into());
            }
            let (owner, id, name, by, audit) =
                (tenant.clone(), factory.clone(), digest.to_owned(), by.clone(), audit.clone());
            let stored = self.parts.store.write(async move |tx| {
                crate::tenants::lock(tx, &owner).await?;
                let now = connector_versions::find(tx, &owner, &id, &name).await?;
                let now = now.ok_or(ErrorCode::EntityNotFound)?;
                let judged = &view.version;
                if connector_versions::active_of(tx, &owner, &id).await? != active
                    || (&now.uploaded_by, &now.signer) != (&judged.uploaded_by, &judged.signer)
                {
                    return Ok(false);
                }
                if connector_versions::approve(tx, &owner, &id, &name, &by).await? {
                    audit.write(tx, &owner).await?;
                }
                Ok::<_, CoreError>(true)
            });
            if stored.await? {
                return self.connector_version(tenant, factory, digest).await;
            }
        }
        Err(ErrorCode::Unavailable.into())
    }

    fn version_event(&self, key: &str, factory: &FactoryId, digest: &str, by: &str, visitor: &Visitor) -> Event {
        Event::new(self, key, visitor)
            .with("factoryId", json!(factory))
            .with("digest", json!(digest))
            .with("by", json!(by))
    }

    /// Makes an approved version serve. The one before serves until the new one has accepted every stored configuration.
    pub async fn activate_connector(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        digest: &str,
        by: &str,
        visitor: &Visitor,
    ) -> Result<(), CoreError> {
        let version = self.stored_version(tenant, factory, digest).await?.ok_or(ErrorCode::EntityNotFound)?;
        let audit = self.version_event("Connector.Activate", factory, digest, by, visitor);
        self.switch(tenant, factory, Target::Uploaded(Box::new(version)), false, audit).await
    }

    /// Brings back the version that served before, with the configurations it had; without one, the binary's.
    pub async fn roll_back_connector(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        by: &str,
        visitor: &Visitor,
    ) -> Result<(), CoreError> {
        let all = self.connector_versions(tenant).await?;
        let of_factory = |view: &&VersionView| view.version.factory_id == *factory;
        if !all.iter().filter(of_factory).any(|view| view.version.state == VersionState::Active) {
            return Err(ErrorCode::ConnectorNoEarlierVersion.into());
        }
        let retired = all.iter().filter(of_factory).filter(|view| view.version.state == VersionState::Retired);
        let target = match retired.max_by_key(|view| view.version.activated_at) {
            Some(view) => Target::Uploaded(Box::new(view.version.clone())),
            None if self.registry.of_binary(factory).is_some() => Target::OfBinary,
            None => return Err(ErrorCode::ConnectorNoEarlierVersion.into()),
        };
        let digest = match &target {
            Target::Uploaded(version) => version.digest.clone(),
            Target::OfBinary => self.registry.of_binary(factory).map(|own| own.digest.clone()).unwrap_or_default(),
        };
        let audit = self.version_event("Connector.RollBack", factory, &digest, by, visitor);
        self.switch(tenant, factory, target, true, audit).await
    }

    async fn switch(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        target: Target,
        restore: bool,
        audit: Event,
    ) -> Result<(), CoreError> {
        let sandbox = self.registry.sandbox();
        let (component, digest) = match &target {
            Target::Uploaded(version) => {
                if version.approved_by.is_none() {
                    return Err(ErrorCode::ConnectorNotApproved.into());
                }
                let (owner, id, name) = (tenant.clone(), factory.clone(), version.digest.clone());
                let wasm = self.read(async move |tx| connector_versions::wasm(tx, &owner, &id, &name).await);
                let wasm = wasm.await?.ok_or(ErrorCode::EntityNotFound)?;
                (sandbox.load(&wasm).await.map_err(refused)?, Some(version.digest.clone()))
            }
            Target::OfBinary => {
                let own = self.registry.of_binary(factory).ok_or(ErrorCode::EntityNotFound)?;
                (Arc::clone(own.component(sandbox).await.map_err(refused)?), None)
            }
        };
        // The version judges every configuration outside the transaction; it serves if those are what is still stored.
        for _ in 0..ATTEMPTS {
            let (serving, active) = self.serving(tenant, factory).await?;
            if restore && active == digest {
                return Ok(());
            }
            let shown = serving.map_or_else(Marks::default, |serving| Marks::of(&serving.manifest.config));
            let mut changed = Vec::new();
            for connector in self.stored_connectors(tenant).await?.into_iter().filter(|one| one.factory_id == *factory)
            {
                let mut next = connector.clone();
                if restore && let Some(kept) = self.kept_config(tenant, factory, component.digest(), &connector).await?
                {
                    next.config = kept;
                }
                // What was entered as a secret stays one, whatever the next version says of it.
                next.marks = next.marks.and(&shown).and(&Marks::of(&component.manifest().config));
                dry_run(sandbox, &component, &next).await?;
                changed.push((connector, next));
            }
            let of_binary = self.registry.of_binary(factory).map(|own| own.digest.clone());
            let (owner, id, key, now) = (tenant.clone(), factory.clone(), self.parts.master_key.clone(), self.now());
            let (digest, audit) = (digest.clone(), audit.clone());
            let done = self.parts.store.write(async move |tx| {
                crate::tenants::lock(tx, &owner).await?;
                if connector_versions::active_of(tx, &owner, &id).await? != active
                    || !are_stored(&connectors::list(tx, &owner, &key).await?, &id, &changed)
                {
                    return Ok(false);
                }
                if let Some(digest) = &digest {
                    let version = connector_versions::find(tx, &owner, &id, digest).await?;
                    let version = version.ok_or(ErrorCode::EntityNotFound)?;
                    version.approved_by.ok_or(ErrorCode::ConnectorNotApproved)?;
                }
                for (before, next) in &changed {
                    if let Some(outgoing) = active.as_ref().or(of_binary.as_ref()) {
                        let place = (&id, outgoing.as_str());
                        connector_versions::keep_config(tx, &owner, place, &before.id, &before.config, &key).await?;
                    }
                    if next.config != before.config || next.marks != before.marks {
                        connectors::update(tx, &owner, next, &key).await?;
                    }
                }
                connector_versions::activate(tx, &owner, &id, digest.as_deref(), now).await?;
                audit.write(tx, &owner).await?;
                Ok::<_, CoreError>(true)
            });
            if done.await? {
                self.registry.reconcile(&self.parts.store, tenant).await?;
                return Ok(());
            }
        }
        Err(ErrorCode::Unavailable.into())
    }

    /// The factory as it serves here, and the digest of the uploaded version that the store says serves.
    pub(super) async fn serving(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
    ) -> Result<(Option<Arc<Factory>>, Option<String>), CoreError> {
        let (owner, id) = (tenant.clone(), factory.clone());
        let active = self.read(async move |tx| connector_versions::active_of(tx, &owner, &id).await).await?;
        let here = self.registry.get(tenant, factory).filter(|one| one.uploaded).map(|one| one.digest.clone());
        if here != active {
            self.registry.reconcile(&self.parts.store, tenant).await?;
        }
        Ok((self.registry.get(tenant, factory), active))
    }

    async fn kept_config(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        digest: &str,
        connector: &Connector,
    ) -> Result<Option<Value>, CoreError> {
        let (owner, id, name) = (tenant.clone(), factory.clone(), digest.to_owned());
        let (connector, key) = (connector.id.clone(), self.parts.master_key.clone());
        self.read(async move |tx| connector_versions::kept_config(tx, &owner, (&id, &name), &connector, &key).await)
            .await
    }

    /// Removes a version that does not serve.
    pub async fn delete_connector_version(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        digest: &str,
        by: &str,
        visitor: &Visitor,
    ) -> Result<(), CoreError> {
        let version = self.stored_version(tenant, factory, digest).await?.ok_or(ErrorCode::EntityNotFound)?;
        if version.state == VersionState::Active {
            return Err(ErrorCode::ConnectorVersionServes.into());
        }
        // Its compiled code goes first: on a full disk that makes the room which deleting a row takes.
        self.forget(digest);
        let audit = self.version_event("Connector.DeleteVersion", factory, digest, by, visitor);
        let (owner, id, name) = (tenant.clone(), factory.clone(), digest.to_owned());
        self.parts
            .store
            .write(async move |tx| {
                crate::tenants::lock(tx, &owner).await?;
                if !connector_versions::delete(tx, &owner, &id, &name).await? {
                    return Err(ErrorCode::ConnectorVersionServes.into());
                }
                Ok::<_, CoreError>(audit.write(tx, &owner).await?)
            })
            .await
            .map_err(full)
    }

    fn forget(&self, digest: &str) {
        if !self.is_official(digest) {
            self.registry.sandbox().forget(digest);
        }
    }

    /// Removes an uploaded factory with all its versions; one that connectors are set up with stays.
    pub async fn delete_connector_factory(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        by: &str,
        visitor: &Visitor,
    ) -> Result<(), CoreError> {
        let all = self.connector_versions(tenant).await?;
        let mine: Vec<String> = all
            .into_iter()
            .filter(|view| view.version.factory_id == *factory)
            .map(|view| view.version.digest)
            .collect();
        if mine.is_empty() {
            return Err(ErrorCode::EntityNotFound.into());
        }
        let own = self.registry.of_binary(factory).is_some();
        let is_used = move |all: &[Connector], id: &FactoryId| !own && all.iter().any(|one| one.factory_id == *id);
        if is_used(&self.stored_connectors(tenant).await?, factory) {
            return Err(ErrorCode::ConnectorVersionServes.into());
        }
        for digest in &mine {
            self.forget(digest);
        }
        let audit = self.version_event("Connector.DeleteFactory", factory, "", by, visitor);
        let (owner, id, now, key) = (tenant.clone(), factory.clone(), self.now(), self.parts.master_key.clone());
        self.parts
            .store
            .write(async move |tx| {
                crate::tenants::lock(tx, &owner).await?;
                if is_used(&connectors::list(tx, &owner, &key).await?, &id) {
                    return Err(ErrorCode::ConnectorVersionServes.into());
                }
                connector_versions::activate(tx, &owner, &id, None, now).await?;
                for digest in mine {
                    connector_versions::delete(tx, &owner, &id, &digest).await?;
                }
                Ok::<_, CoreError>(audit.write(tx, &owner).await?)
            })
            .await
            .map_err(full)?;
        self.registry.reconcile(&self.parts.store, tenant).await?;
        Ok(())
    }

    /// Keeps this node's tenants and components as the store says, for as long as the server runs: at once when a change is announced,
    /// and by looking twice a second in case an announcement was lost.
    pub(crate) async fn follow_versions(core: std::sync::Weak<Self>) {
        let Some(mut changes) = core.upgrade().map(|core| core.parts.store.configuration_changes()) else { return };
        let mut seen = HashMap::new();
        loop {
            let Some(this) = core.upgrade() else { return };
            if let Err(error) = this.follow(&mut seen).await {
                tracing::warn!(%error, "tenants and connector versions cannot be read");
            }
            drop(this);
            let _ = tokio::time::timeout(std::time::Duration::from_millis(500), changes.changed()).await;
        }
    }

    /// Reads the tenants anew, and the versions of those whose configuration changed since `seen`.
    async fn follow(&self, seen: &mut HashMap<TenantId, i64>) -> Result<(), StoreError> {
        let tenants = self.directory.reload(&self.parts.store).await?;
        seen.retain(|known, _| tenants.iter().any(|(tenant, _)| tenant.id == *known));
        self.registry.keep(|owner| tenants.iter().any(|(tenant, _)| tenant.id == *owner));
        for (tenant, version) in tenants {
            if seen.get(&tenant.id) != Some(&version) {
                self.registry.reconcile(&self.parts.store, &tenant.id).await?;
                seen.insert(tenant.id, version);
            }
        }
        Ok(())
    }

    /// Versions that should serve on this node but cannot be loaded.
    pub fn connector_skew(&self) -> Vec<super::Skew> {
        self.registry.skew()
    }
}

/// Whether the factory's connectors are still those that were judged.
fn are_stored(stored: &[Connector], factory: &FactoryId, judged: &[(Connector, Connector)]) -> bool {
    let mut of_factory = stored.iter().filter(|one| one.factory_id == *factory);
    of_factory.clone().count() == judged.len() && of_factory.all(|now| judged.iter().any(|(one, _)| is_same(one, now)))
}

/// A stored configuration must suit the version that is to serve.
async fn dry_run(sandbox: &Arc<Sandbox>, component: &Component, connector: &Connector) -> Result<(), CoreError> {
    let refused = |message: String, data: Option<Value>| {
        let message = format!("The connector {} cannot go on with this version: {message}", connector.id);
        let refusal = Refusal::with_message(ErrorCode::ConnectorConfigRefused, message);
        CoreError::from(match data {
            Some(data) => refusal.with_data(data),
            None => refusal,
        })
    };
    schema::check_in_time(component.manifest(), &connector.config)
        .await
        .map_err(|refusal| refused(refusal.detail().to_owned(), refusal.data))?;
    match sandbox.validate_marked(component, &connector.config, &connector.marks).await {
        Ok(()) => Ok(()),
        Err(CallError::Failure(failure)) => Err(refused(failure.message, None)),
        Err(error) => Err(refused(format!("its function validate failed: {error}."), None)),
    }
}

/// The first problem's code with every problem listed.
pub(super) fn refused(error: LoadError) -> Refusal {
    let code = error.0.first().map_or(ErrorCode::UploadFailed, |problem| problem.code);
    Refusal::with_message(code, error.to_string()).with_data(json!(error.0))
}
