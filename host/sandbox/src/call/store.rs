//! The store of one call, with its budgets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use wasmtime::{Store, UpdateDeadline};

use super::Context;
use crate::budget::Budgets;
use crate::component::{Compiled, Component};
use crate::cpu_queue::CpuTurn;
use crate::engine::Sandbox;
use crate::host::{Breach, HostState};
use crate::prepared::Prepared;
use crate::redact::Redactor;

impl Sandbox {
    pub(super) fn store(
        &self,
        ready: &Compiled,
        component: &Component,
        budgets: &Budgets,
        redactor: Redactor,
        context: &Context,
        prepared: &Prepared,
    ) -> Store<HostState> {
        let state = HostState {
            clock: Arc::clone(self.clock()),
            rng: Arc::clone(self.rng()),
            egress: Arc::clone(component.egress()),
            hosts: Arc::clone(&prepared.hosts),
            keys: Arc::clone(&prepared.keys),
            cache: context.cache.clone(),
            cache_changes: BTreeMap::new(),
            session: context.session.clone(),
            session_changed: false,
            budgets: budgets.clone(),
            redactor,
            deadline: Instant::now() + budgets.wall,
            host_calls: 0,
            fetches: 0,
            exchanges: Vec::new(),
            log: Vec::new(),
            log_bytes: 0,
            cpu_ticks: 0,
            turn: CpuTurn::default(),
            breach: None,
            memory_peak: 0,
        };
        let mut store = Store::new(&ready.engine, state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(2 * 1024 * 1024 + budgets.response_bytes);
        store.set_epoch_deadline(1);
        // Every tick the guest yields, so that other tasks go on and the wall-clock limit can end the call. Time in
        // an awaited host call brings one tick at most, so ticks count guest code.
        let cpu_queue = self.cpu_queue().clone();
        store.epoch_deadline_callback(move |mut context| {
            let state = context.data_mut();
            state.cpu_ticks += 1;
            if Budgets::TICK * u32::try_from(state.cpu_ticks).unwrap_or(u32::MAX) > state.budgets.cpu {
                state.breach = Some(Breach::Cpu);
                return Err(wasmtime::Error::msg("cpu budget"));
            }
            Ok(if state.cpu_ticks > u64::from(state.fetches) + 1 {
                UpdateDeadline::YieldCustom(1, state.turn.next(&cpu_queue))
            } else {
                UpdateDeadline::Yield(1)
            })
        });
        store
    }
}
