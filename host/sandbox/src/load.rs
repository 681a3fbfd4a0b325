//! Makes components ready: checked, compiled, or read from the cache of compiled code.

use std::io::{ErrorKind, Write as _};
use std::sync::Arc;

use keyway_model::ErrorCode;
use keyway_model::connector::Manifest;
use tokio::sync::Semaphore;

use crate::compile::Tier;
use crate::component::{Compiled, Component, TierEngine};
use crate::contract::CONTRACT;
use crate::egress::Egress;
use crate::engine::{LoadError, Sandbox};
use crate::inspect::{self, Problem};

/// Bytes that are written to learn whether the disk takes any more: a block of every file system.
const PROBE: usize = 16 * 1024;

impl Sandbox {
    /// Checks a component that nobody vouches for: its bytes, its code, and that it describes itself as its manifest says,
    /// twice the same.
    pub async fn admit(self: &Arc<Self>, wasm: &[u8]) -> Result<Arc<Component>, LoadError> {
        self.admit_checked(wasm.into(), |_| Vec::new()).await
    }

    /// The same, with more checks of the manifest before anything is compiled or run.
    pub async fn admit_checked(
        self: &Arc<Self>,
        wasm: Arc<[u8]>,
        check: fn(&Manifest) -> Vec<Problem>,
    ) -> Result<Arc<Component>, LoadError> {
        let (bytes, budgets) = (Arc::clone(&wasm), self.settings.budgets.clone());
        let inspected = tokio::task::spawn_blocking(move || {
            let inspected = inspect::inspect_within(&bytes, &budgets)?;
            let problems = check(&inspected.manifest);
            if problems.is_empty() { Ok(inspected) } else { Err(problems) }
        })
        .await;
        let inspected =
            inspected.map_err(|_| LoadError::one(ErrorCode::UploadDamaged, "The component could not be read."))?;
        let manifest_text = inspected.map_err(LoadError)?.manifest_text;
        let component = self.load_shared(wasm).await?;
        for _ in 0..2 {
            let said = self.describe(&component).await.map_err(|error| {
                LoadError(vec![Problem::new(
                    ErrorCode::UploadDescribeFailed,
                    format!("Its function describe failed: {error}."),
                )])
            })?;
            if said != manifest_text {
                let message = "Its function describe does not return the manifest of its section keyway:manifest, the same \
                               at every call. Build it with `keyway connector build`.";
                return Err(LoadError::one(ErrorCode::UploadDescribeDiffers, message));
            }
        }
        Ok(component)
    }

    /// What a component that has no manifest yet says of itself; the author's build tool writes it into the component.
    pub async fn describe_unsealed(&self, wasm: &[u8]) -> Result<String, LoadError> {
        let failed = |error: &dyn std::fmt::Display| {
            LoadError(vec![Problem::new(
                ErrorCode::UploadDescribeFailed,
                format!("Its function describe failed: {error}."),
            )])
        };
        let machine = TierEngine::new(Tier::Baseline, &self.settings)
            .or_else(|_| TierEngine::new(Tier::Optimized, &self.settings))
            .map_err(|error| failed(&error))?;
        let compiled = wasmtime::component::Component::from_binary(&machine.engine, wasm);
        let ready = compiled.and_then(|component| machine.ready(&component)).map_err(|error| failed(&error))?;
        let manifest = serde_json::from_value(serde_json::json!({
            "manifest": 1, "id": "unsealed", "target": "unsealed", "kind": "sms", "version": "0.0.0",
            "contract": CONTRACT, "name": {}, "description": {}, "config": {},
        }));
        let component = self.component(Self::digest(wasm), Arc::new(manifest.map_err(|error| failed(&error))?), ready);
        self.describe(&component).await.map_err(|error| failed(&error))
    }

    /// The component of this digest and manifest, where its optimized code is in the cache. Reads the disk.
    pub fn load_cached(&self, digest: &str, manifest: &Arc<Manifest>) -> Option<Arc<Component>> {
        let ready = self.cached(&self.optimized, digest)?;
        Some(self.component(digest.to_owned(), Arc::clone(manifest), ready))
    }

    /// Name, manifest and, where the cache has it, optimized code.
    async fn look_up(self: &Arc<Self>, wasm: Arc<[u8]>) -> Result<(String, Manifest, Option<Compiled>), LoadError> {
        let sandbox = Arc::clone(self);
        let work = tokio::task::spawn_blocking(move || {
            let digest = Self::digest(&wasm);
            let manifest = inspect::manifest(&wasm).map_err(LoadError)?;
            let ready = sandbox.cached(&sandbox.optimized, &digest);
            Ok((digest, manifest, ready))
        });
        work.await.map_err(|_| LoadError::one(ErrorCode::UploadDamaged, "The component could not be read."))?
    }

    fn component(&self, digest: String, manifest: Arc<Manifest>, ready: Compiled) -> Arc<Component> {
        let policy = Arc::new(self.egress.for_factory(&manifest.id));
        let egress = Egress::new(policy, self.settings.transport.clone());
        Component::new(digest, manifest, ready, egress)
    }

    /// Makes a component ready whose bytes were admitted before: from the cache, or by the fast compiler now and by the
    /// optimizing one afterwards.
    pub async fn load(self: &Arc<Self>, wasm: &[u8]) -> Result<Arc<Component>, LoadError> {
        self.load_shared(wasm.into()).await
    }

    async fn load_shared(self: &Arc<Self>, wasm: Arc<[u8]>) -> Result<Arc<Component>, LoadError> {
        let (digest, manifest, ready) = self.look_up(Arc::clone(&wasm)).await?;
        let (ready, unfinished) = match ready {
            Some(ready) => (ready, false),
            None => match &self.baseline {
                Some(baseline) => (self.compiled(baseline, &digest, &wasm).await?, true),
                None => (self.compiled(&self.optimized, &digest, &wasm).await?, false),
            },
        };
        let component = self.component(digest, Arc::new(manifest), ready);
        if unfinished {
            let (sandbox, target) = (Arc::clone(self), Arc::downgrade(&component));
            tokio::spawn(async move {
                let Some(digest) = target.upgrade().map(|component| component.digest().to_owned()) else { return };
                match sandbox.compiled_in_turn(&sandbox.optimizing, &sandbox.optimized, &digest, &wasm).await {
                    Ok(ready) => match target.upgrade() {
                        Some(component) => component.go_on_with(ready),
                        None => sandbox.cache.remove(&format!("{digest}-{}", sandbox.optimized.key)),
                    },
                    Err(error) => tracing::warn!(digest, %error, "the component stays on the fast compiler's code"),
                }
            });
        }
        Ok(component)
    }

    /// Code of the cache that is ready, without anything compiled.
    fn cached(&self, machine: &TierEngine, digest: &str) -> Option<Compiled> {
        let path = self.cache.get(&format!("{digest}-{}", machine.key))?;
        // SAFETY: the file carries this node's MAC, so it is what the compiler wrote below, and its folder is closed to
        // other users.
        #[expect(unsafe_code, reason = "native code that this node made and authenticated")]
        let component = unsafe { wasmtime::component::Component::deserialize_file(&machine.engine, path) };
        component.and_then(|component| machine.ready(&component)).ok()
    }

    async fn compiled(&self, machine: &TierEngine, digest: &str, wasm: &Arc<[u8]>) -> Result<Compiled, LoadError> {
        self.compiled_in_turn(&self.compiling, machine, digest, wasm).await
    }

    async fn compiled_in_turn(
        &self,
        turns: &Semaphore,
        machine: &TierEngine,
        digest: &str,
        wasm: &Arc<[u8]>,
    ) -> Result<Compiled, LoadError> {
        let full = || {
            let message = "The disk is full. Delete modules or versions that are not used.";
            LoadError::one(ErrorCode::UploadStorageFull, message)
        };
        let failed = || {
            if !self.has_room(0) {
                return full();
            }
            let message = "It could not be compiled within its limits of time and memory.";
            LoadError::one(ErrorCode::UploadCompileFailed, message)
        };
        if let Some(ready) = self.cached(machine, digest) {
            return Ok(ready);
        }
        let _turn = turns.acquire().await.map_err(|_| failed())?;
        let unwritten = |error: std::io::Error| {
            tracing::error!(%error, "the cache of compiled components cannot be written");
            // A quota ends before the disk does, and what it leaves cannot be asked for.
            match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => full(),
                _ => failed(),
            }
        };
        let name = format!("{digest}-{}", machine.key);
        let mut draft = self.cache.draft(&name).map_err(unwritten)?;
        if let Some(compiler) = &self.settings.compiler {
            let output = draft.file.try_clone().map_err(unwritten)?;
            if !compiler.run(&machine.target, Arc::clone(wasm), output).await {
                // The compiler says only that it failed: writing on tells whether there was no room.
                return Err(draft.file.write_all(&[0; PROBE]).map_or_else(unwritten, |()| failed()));
            }
        } else {
            let (engine, wasm) = (machine.engine.clone(), Arc::clone(wasm));
            let work = tokio::task::spawn_blocking(move || engine.precompile_component(&wasm));
            let code = work.await.map_err(|_| failed())?.map_err(|error| {
                tracing::warn!(%error, "component not compiled");
                failed()
            })?;
            draft.file.write_all(&code).map_err(unwritten)?;
        }
        self.cache.keep(&name, draft).map_err(unwritten)?;
        self.cached(machine, digest).ok_or_else(|| {
            LoadError::one(
                ErrorCode::UploadContractMismatch,
                "Its imports or exports differ in type from the contract's.",
            )
        })
    }
}
