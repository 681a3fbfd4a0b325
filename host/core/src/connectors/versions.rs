//! The life of an uploaded component: staged, approved, active, retired; and the way back.

use std::sync::Arc;

use keyway_model::connector::{Asks, Connector, Manifest, Version, VersionState};
use keyway_model::{ErrorCode, FactoryId, Refusal, TenantId};
use keyway_sandbox::{CallError, Component, LoadError, Sandbox};
use keyway_store::{connector_versions, connectors};
use serde_json::{Value, json};

use super::{check_config, check_upload};
use crate::logs::Event;
use crate::{Core, CoreError, Visitor};

/// A component to upload.
pub struct Upload {
    /// Its bytes.
    pub wasm: Vec<u8>,
    /// A detached signature in minisign's form.
    pub signature: Option<String>,
    /// Who uploads it.
    pub by: String,
}

/// A version as an admin sees it.
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
    /// Checks a component and keeps it, staged for approval. The same bytes again change nothing.
    pub async fn upload_connector(
        &self,
        tenant: &TenantId,
        upload: Upload,
        visitor: &Visitor,
    ) -> Result<VersionView, CoreError> {
        let digest = Sandbox::digest(&upload.wasm);
        let audit =
            Event::new(self, "Connector.Upload", visitor).with("digest", json!(digest)).with("by", json!(upload.by));
        let judged = self.parts.trust.judge(&upload.wasm, &digest, upload.signature.as_deref());
        let checked = match judged {
            Ok(signer) => check_upload(self.registry.sandbox(), &upload.wasm)
                .await
                .map_err(refused)
                .and_then(|component| self.fits(tenant, &component).map(|()| (component, signer))),
            Err(refusal) => Err(refusal),
        };
        let (component, signer) = match checked {
            Ok(checked) => checked,
            Err(refusal) => {
                let (owner, audit) = (tenant.clone(), audit.failed(refusal.code.code()));
                self.write_event(owner, audit).await?;
                return Err(refusal.into());
            }
        };
        let version = Version {
            factory_id: component.manifest().id.clone(),
            digest: digest.clone(),
            manifest: (**component.manifest()).clone(),
            state: VersionState::Staged,
            signer,
            uploaded_by: upload.by,
            approved_by: None,
            activated_at: None,
            created_at: self.now(),
            size: i64::try_from(upload.wasm.len()).unwrap_or(i64::MAX),
        };
        let (owner, wasm, id) = (tenant.clone(), upload.wasm, version.factory_id.clone());
        let audit = audit.with("factoryId", json!(id)).with("version", json!(version.manifest.version));
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if connector_versions::insert(tx, &owner, &version, wasm).await? {
                        audit.write(tx, &owner).await?;
                    }
                    Ok::<_, CoreError>(())
                })
            })
            .await?;
        self.connector_version(tenant, &id, &digest).await
    }

    /// An id keeps its kind: what is configured under it would not fit another one.
    fn fits(&self, tenant: &TenantId, component: &Component) -> Result<(), Refusal> {
        let manifest = component.manifest();
        match self.registry.get(tenant, &manifest.id) {
            Some(factory) if factory.manifest.kind != manifest.kind => {
                let message = format!("{} is a connector of another kind here: choose another id.", manifest.id);
                Err(Refusal::with_message(ErrorCode::UploadKindChanged, message))
            }
            _ => Ok(()),
        }
    }

    /// Every uploaded version, newest first.
    pub async fn connector_versions(&self, tenant: &TenantId) -> Result<Vec<VersionView>, CoreError> {
        let owner = tenant.clone();
        let found = self.look(|tx| Box::pin(async move { connector_versions::list(tx, &owner).await })).await?;
        Ok(found.into_iter().map(|version| self.version_view(tenant, version)).collect())
    }

    /// One uploaded version.
    pub async fn connector_version(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        digest: &str,
    ) -> Result<VersionView, CoreError> {
        let version = self.stored_version(tenant, factory, digest).await?.ok_or(ErrorCode::EntityNotFound)?;
        Ok(self.version_view(tenant, version))
    }

    async fn stored_version(
        &self,
        tenant: &TenantId,
        factory: &FactoryId,
        digest: &str,
    ) -> Result<Option<Version>, CoreError> {
        let (owner, factory, digest) = (tenant.clone(), factory.clone(), digest.to_owned());
        self.look(|tx| Box::pin(async move { connector_versions::find(tx, &owner, &factory, &digest).await })).await
    }

    fn version_view(&self, tenant: &TenantId, version: Version) -> VersionView {
        let serving = self.registry.get(tenant, &version.factory_id);
        let serving: Option<&Manifest> = serving.as_ref().map(|factory| &*factory.manifest);
        VersionView { asks: version.manifest.asks(None), asks_new: version.manifest.asks(serving), version }
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
        self.stored_version(tenant, factory, digest).await?.ok_or(ErrorCode::EntityNotFound)?;
        let audit = self.version_event("Connector.Approve", factory, digest, &by, visitor);
        let (owner, id, name) = (tenant.clone(), factory.clone(), digest.to_owned());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if connector_versions::approve(tx, &owner, &id, &name, &by).await? {
                        audit.write(tx, &owner).await?;
                    }
                    Ok::<_, CoreError>(())
                })
            })
            .await?;
        self.connector_version(tenant, factory, digest).await
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
                let wasm =
                    self.look(|tx| Box::pin(async move { connector_versions::wasm(tx, &owner, &id, &name).await }));
                let wasm = wasm.await?.ok_or(ErrorCode::EntityNotFound)?;
                (sandbox.load(&wasm).await.map_err(refused)?, Some(version.digest.clone()))
            }
            Target::OfBinary => {
                let own = self.registry.of_binary(factory).ok_or(ErrorCode::EntityNotFound)?;
                (Arc::clone(own.component(sandbox).await.map_err(refused)?), None)
            }
        };
        let mut changed = Vec::new();
        for connector in self.stored_connectors(tenant).await?.into_iter().filter(|one| one.factory_id == *factory) {
            let mut next = connector.clone();
            if restore && let Some(kept) = self.kept_config(tenant, factory, component.digest(), &connector).await? {
                next.config = kept;
            }
            dry_run(sandbox, &component, &next).await?;
            changed.push((connector, next));
        }
        let outgoing = self.registry.get(tenant, factory).map(|own| own.digest.clone());
        let (owner, id, key, now) = (tenant.clone(), factory.clone(), self.parts.master_key.clone(), self.now());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    crate::tenants::lock(tx, &owner).await?;
                    for (before, next) in &changed {
                        if let Some(outgoing) = &outgoing {
                            let place = (&id, outgoing.as_str());
                            connector_versions::keep_config(tx, &owner, place, &before.id, &before.config, &key)
                                .await?;
                        }
                        if next.config != before.config {
                            connectors::put(tx, &owner, next, &key).await?;
                        }
                    }
                    connector_versions::activate(tx, &owner, &id, digest.as_deref(), now).await?;
                    audit.write(tx, &owner).await?;
                    Ok::<_, CoreError>(())
                })
            })
            .await?;
        self.registry.reconcile(&self.parts.store, tenant).await?;
        Ok(())
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
        self.look(|tx| {
            Box::pin(async move { connector_versions::kept_config(tx, &owner, (&id, &name), &connector, &key).await })
        })
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
        let audit = self.version_event("Connector.DeleteVersion", factory, digest, by, visitor);
        let (owner, id, name) = (tenant.clone(), factory.clone(), digest.to_owned());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if !connector_versions::delete(tx, &owner, &id, &name).await? {
                        return Err(ErrorCode::ConnectorVersionServes.into());
                    }
                    Ok::<_, CoreError>(audit.write(tx, &owner).await?)
                })
            })
            .await
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
        let used = self.stored_connectors(tenant).await?.iter().any(|connector| connector.factory_id == *factory);
        if used && self.registry.of_binary(factory).is_none() {
            return Err(ErrorCode::ConnectorVersionServes.into());
        }
        let audit = self.version_event("Connector.DeleteFactory", factory, "", by, visitor);
        let (owner, id, now) = (tenant.clone(), factory.clone(), self.now());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    crate::tenants::lock(tx, &owner).await?;
                    connector_versions::activate(tx, &owner, &id, None, now).await?;
                    for digest in mine {
                        connector_versions::delete(tx, &owner, &id, &digest).await?;
                    }
                    Ok::<_, CoreError>(audit.write(tx, &owner).await?)
                })
            })
            .await?;
        self.registry.reconcile(&self.parts.store, tenant).await?;
        Ok(())
    }

    /// Keeps this node's components as the store says, for as long as the server runs: at once when a change is announced,
    /// and by looking twice a second in case an announcement was lost.
    pub(crate) async fn follow_versions(core: std::sync::Weak<Self>) {
        let Some(mut changes) = core.upgrade().map(|core| core.parts.store.configuration_changes()) else { return };
        let mut seen = None;
        loop {
            let Some(this) = core.upgrade() else { return };
            let tenant = TenantId::default_tenant();
            match this.parts.store.configuration_version(&tenant, this.now()).await {
                Ok(version) if seen != Some(version) => match this.registry.reconcile(&this.parts.store, &tenant).await
                {
                    Ok(()) => seen = Some(version),
                    Err(error) => tracing::warn!(%error, "connector versions cannot be read"),
                },
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "connector versions cannot be read"),
            }
            drop(this);
            let _ = tokio::time::timeout(std::time::Duration::from_millis(500), changes.changed()).await;
        }
    }

    /// Versions that should serve on this node but cannot be loaded.
    pub fn connector_skew(&self) -> Vec<super::Skew> {
        self.registry.skew()
    }
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
    check_config(&component.manifest().config, &connector.config)
        .map_err(|refusal| refused(refusal.message, refusal.data))?;
    match sandbox.validate(component, &connector.config).await {
        Ok(()) => Ok(()),
        Err(CallError::Failure(failure)) => Err(refused(failure.message, None)),
        Err(error) => Err(refused(format!("its function validate failed: {error}."), None)),
    }
}

/// The first problem's code with every problem listed.
fn refused(error: LoadError) -> Refusal {
    let first = error.0.first().map_or("upload.failed", |problem| problem.code);
    let code = ErrorCode::ALL.iter().copied().find(|code| code.code() == first).unwrap_or(ErrorCode::UploadFailed);
    Refusal::with_message(code, error.to_string()).with_data(json!(error.0))
}
