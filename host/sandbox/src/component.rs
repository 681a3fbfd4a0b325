//! A component that is ready for calls, and the engines that its code is made and run by.

use std::sync::Arc;

use arc_swap::ArcSwap;
use keyway_model::connector::Manifest;
use keyway_model::marks::Marks;
use serde_json::Value;
use wasmtime::Engine;
use wasmtime::component::{InstancePre, Linker};

use crate::compile::{CompileTarget, Tier};
use crate::contract::{self, ContractAdapter};
use crate::egress::Egress;
use crate::engine::EngineSettings;
use crate::host::HostState;
use crate::prepared::{Preparations, Prepared};

/// A component that is ready for calls.
pub struct Component {
    digest: String,
    manifest: Arc<Manifest>,
    ready: ArcSwap<Compiled>,
    egress: Arc<Egress>,
    preparations: Preparations,
}

/// Compiled code and what it exports.
pub(crate) struct Compiled {
    pub engine: Engine,
    pub pre: InstancePre<HostState>,
    pub exports: Box<dyn ContractAdapter>,
    tier: Tier,
}

impl Component {
    pub(crate) fn new(digest: String, manifest: Arc<Manifest>, ready: Compiled, egress: Egress) -> Arc<Self> {
        Arc::new(Self {
            preparations: Preparations::default(),
            digest,
            manifest,
            ready: ArcSwap::from_pointee(ready),
            egress: Arc::new(egress),
        })
    }

    /// SHA-256 of its bytes, in hex: its name.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Forgets the key sets that it has read, for a test that begins anew.
    pub fn forget_key_sets(&self) {
        self.egress.forget_key_sets();
    }

    /// Whether it runs on the optimizing compiler's code yet.
    pub fn is_optimized(&self) -> bool {
        self.ready.load().tier == Tier::Optimized
    }

    /// Goes on with other code of the same component.
    pub(crate) fn go_on_with(&self, ready: Compiled) {
        self.ready.store(Arc::new(ready));
    }

    pub(crate) fn ready(&self) -> Arc<Compiled> {
        self.ready.load_full()
    }

    /// What a configuration means for its calls.
    pub(crate) fn prepare(&self, config: &Value, marks: &Marks) -> Arc<Prepared> {
        self.preparations.get(&self.manifest, config, marks)
    }

    pub(crate) fn egress(&self) -> &Arc<Egress> {
        &self.egress
    }
}

/// One compiler's engine with the host functions.
pub(crate) struct TierEngine {
    tier: Tier,
    pub target: CompileTarget,
    pub engine: Engine,
    linker: Linker<HostState>,
    /// Names its code among that of other engines.
    pub key: String,
}

impl TierEngine {
    pub fn new(tier: Tier, settings: &EngineSettings) -> anyhow::Result<Self> {
        let target = CompileTarget::new(tier, settings.pooling, &settings.budgets);
        let engine = target.engine()?;
        let mut linker = Linker::new(&engine);
        contract::link(&mut linker)?;
        let key = {
            use std::hash::{Hash as _, Hasher as _};
            let mut hasher = std::hash::DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            format!("{:016x}", hasher.finish())
        };
        Ok(Self { tier, target, engine, linker, key })
    }

    /// The component with the host's functions, under the contract that it speaks.
    pub fn ready(&self, component: &wasmtime::component::Component) -> wasmtime::Result<Compiled> {
        let pre = self.linker.instantiate_pre(component)?;
        let exported = component.component_type();
        let contract = contract::spoken(exported.exports(&self.engine).map(|(name, _)| name))
            .ok_or_else(|| wasmtime::Error::msg("the component speaks no released contract"))?;
        Ok(Compiled { engine: self.engine.clone(), exports: (contract.adapt)(&pre)?, pre, tier: self.tier })
    }
}
