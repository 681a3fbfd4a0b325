//! One call into a fresh instance.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{Store, UpdateDeadline};

use crate::bindings::SmsConnector;
use crate::bindings::exports::keyway::connector::{config as config_exports, sms};
use crate::budget::Budgets;
use crate::engine::{Component, Sandbox};
use crate::host::{Breach, HostState};
use crate::redact::Redactor;

/// A message for a connector.
#[derive(Debug, Clone)]
pub struct Message {
    /// Recipient: digits with country code, or an e-mail address.
    pub to: String,
    /// Usage type of the template.
    pub usage: String,
    /// JSON object with the template's variables.
    pub payload: String,
    /// BCP 47 tag of the recipient's language.
    pub locale: Option<String>,
}

/// What a connector itself reports as gone wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Error code in kebab-case.
    pub code: String,
    /// The provider's words.
    pub message: String,
    /// JSON object with the provider's details.
    pub data: Option<String>,
}

/// Why a call brought no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The connector reported a failure.
    #[error("the connector failed: {}: {}", .0.code, .0.message)]
    Failure(Failure),
    /// Guest code ran longer than its CPU budget.
    #[error("the connector used more than its CPU time")]
    Cpu,
    /// The call took longer than its wall-clock budget.
    #[error("the connector did not finish in time")]
    Wall,
    /// The guest asked for more memory than its budget.
    #[error("the connector used more than its memory")]
    Memory,
    /// The guest called the host too often.
    #[error("the connector called the host too often")]
    HostCalls,
    /// The guest passed more data than its budgets allow, as a result or to the host.
    #[error("the connector passed more data than allowed")]
    TooLarge,
    /// The guest crashed.
    #[error("the connector crashed")]
    Trap,
    /// No instance could be made.
    #[error("the sandbox is full or the connector does not fit")]
    Instantiate,
}

/// What a call cost and said.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Wall-clock time.
    pub wall: Duration,
    /// Guest code, in steps of the budget's tick.
    pub cpu: Duration,
    /// Most linear memory, in bytes.
    pub memory: usize,
    /// Requests sent.
    pub fetches: u32,
    /// Log lines, masked.
    pub log: Vec<String>,
}

impl Sandbox {
    /// What the component says of itself, as JSON text.
    pub async fn describe(&self, component: &Component) -> Result<String, CallError> {
        let budgets = self.budgets().offline();
        let (result, _) = self
            .call(component, budgets, Redactor::default(), async |guest, store| {
                guest.keyway_connector_meta().call_describe(store).await.map(Ok)
            })
            .await;
        result
    }

    /// Applies the component's own rules to a configuration that its schema has accepted.
    pub async fn validate(&self, component: &Component, config: &str) -> Result<(), CallError> {
        let (result, _) = self
            .call(component, self.budgets().offline(), Redactor::default(), async |guest, store| {
                let answer = guest.keyway_connector_config().call_validate(store, config).await?;
                Ok(answer.map(|()| String::new()).map_err(from_config))
            })
            .await;
        result.map(|_| ())
    }

    /// Sends one message; `secrets` are masked in what the connector logs and reports.
    pub async fn send(
        &self,
        component: &Component,
        config: &str,
        message: Message,
        secrets: Vec<String>,
    ) -> (Result<String, CallError>, Report) {
        let code = serde_json::from_str::<serde_json::Value>(&message.payload).ok();
        let code = code.and_then(|payload| payload.get("code").and_then(|code| code.as_str().map(ToOwned::to_owned)));
        let redactor = Redactor::new(secrets.into_iter().chain([message.to.clone()]).chain(code));
        let message =
            sms::Message { to: message.to, usage: message.usage, payload: message.payload, locale: message.locale };
        let masked = redactor.clone();
        let (result, report) = self
            .call(component, self.budgets().clone(), redactor, async |guest, store| {
                let answer = guest.keyway_connector_sms().call_send(store, config, &message).await?;
                Ok(answer.map_err(from_sms))
            })
            .await;
        let result = result.map_err(|error| match error {
            CallError::Failure(failure) => CallError::Failure(Failure {
                message: masked.apply(&failure.message),
                data: failure.data.map(|data| masked.apply(&data)),
                ..failure
            }),
            other => other,
        });
        (result, report)
    }

    async fn call(
        &self,
        component: &Component,
        budgets: Budgets,
        redactor: Redactor,
        work: impl AsyncFnOnce(&SmsConnector, &mut Store<HostState>) -> wasmtime::Result<Result<String, Failure>>,
    ) -> (Result<String, CallError>, Report) {
        let started = Instant::now();
        let Ok(_permit) = self.slots().acquire().await else { return (Err(CallError::Instantiate), Report::default()) };
        let mut store = self.store(component, &budgets, redactor);
        let run = async {
            let guest = component.pre().instantiate_async(&mut store).await.map_err(|_| CallError::Instantiate)?;
            match work(&guest, &mut store).await {
                Ok(Ok(text)) if text.len() > budgets.result_bytes => Err(CallError::TooLarge),
                Ok(Ok(text)) => Ok(text),
                Ok(Err(failure)) if failure.message.len() > budgets.result_bytes => Err(CallError::TooLarge),
                Ok(Err(failure)) => Err(CallError::Failure(failure)),
                Err(error) if is_too_much_data(&error) => Err(CallError::TooLarge),
                Err(_) => Err(CallError::Trap),
            }
        };
        let result = tokio::time::timeout(budgets.wall, run).await.unwrap_or(Err(CallError::Wall));
        let state = store.data_mut();
        let result = match (result, state.breach) {
            (Err(CallError::Trap), Some(Breach::Cpu)) => Err(CallError::Cpu),
            (Err(CallError::Trap), Some(Breach::Memory)) => Err(CallError::Memory),
            (Err(CallError::Trap), Some(Breach::HostCalls)) => Err(CallError::HostCalls),
            (result, _) => result,
        };
        let report = Report {
            wall: started.elapsed(),
            cpu: Budgets::TICK * u32::try_from(state.cpu_ticks).unwrap_or(u32::MAX),
            memory: state.memory_peak,
            fetches: state.fetches,
            log: std::mem::take(&mut state.log),
        };
        (result, report)
    }

    fn store(&self, component: &Component, budgets: &Budgets, redactor: Redactor) -> Store<HostState> {
        let state = HostState {
            clock: Arc::clone(self.clock()),
            rng: Arc::clone(self.rng()),
            egress: Arc::clone(component.egress()),
            hosts: component.hosts(),
            budgets: budgets.clone(),
            redactor,
            deadline: Instant::now() + budgets.wall,
            host_calls: 0,
            fetches: 0,
            log: Vec::new(),
            log_bytes: 0,
            cpu_ticks: 0,
            breach: None,
            memory_peak: 0,
        };
        let mut store = Store::new(self.engine(), state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(2 * 1024 * 1024 + budgets.response_bytes);
        store.set_epoch_deadline(1);
        // Every tick the guest yields, so that other tasks go on and the wall-clock limit can end the call. Time in
        // an awaited host call brings one tick at most, so ticks count guest code.
        store.epoch_deadline_callback(|mut context| {
            let state = context.data_mut();
            state.cpu_ticks += 1;
            if Budgets::TICK * u32::try_from(state.cpu_ticks).unwrap_or(u32::MAX) > state.budgets.cpu {
                state.breach = Some(Breach::Cpu);
                return Err(wasmtime::Error::msg("cpu budget"));
            }
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }
}

/// Whether wasmtime stopped copying because the store's host-call fuel was used up; the error's type is private.
fn is_too_much_data(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted")
}

fn from_sms(failure: sms::Failure) -> Failure {
    Failure { code: failure.code, message: failure.message, data: failure.data }
}

fn from_config(failure: config_exports::Failure) -> Failure {
    Failure { code: failure.code, message: failure.message, data: failure.data }
}
