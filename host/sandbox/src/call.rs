//! One call into a fresh instance.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{Store, UpdateDeadline};

use keyway_model::Timestamp;
use keyway_model::marks::Marks;
use keyway_model::text::is_deceptive;
use serde_json::Value;
use wasmtime::component::Instance;

use crate::bindings::exports::keyway::connector::{sms, social};
use crate::bindings::keyway::connector::types;
use crate::budget::Budgets;
use crate::cpu_queue::Turn;
use crate::engine::{Component, Ready, Sandbox};
use crate::host::{Breach, HostState};
use crate::prepared::Prepared;
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
    /// For e-mail: the tenant's own template as a JSON object.
    pub template: Option<String>,
}

/// The start of a sign-in with a social provider.
#[derive(Debug, Clone)]
pub struct Start {
    /// Made and checked by the server.
    pub state: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// Id of the configured connector.
    pub connector_id: String,
    /// The browser's.
    pub user_agent: Option<String>,
    /// Scopes in place of the configured ones.
    pub scope: Option<String>,
}

/// A value of a connector's cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// At most 8 kB.
    pub value: Vec<u8>,
    /// From this moment on it is gone.
    pub expires_at: Timestamp,
}

/// What one configured connector brings into a call.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Its configuration, secrets included.
    pub config: Value,
    /// What of it was entered as a secret, beyond what the component's schema marks.
    pub marks: Marks,
    /// What earlier calls kept.
    pub cache: BTreeMap<String, CacheEntry>,
    /// What this sign-in kept.
    pub session: BTreeMap<String, String>,
}

impl Context {
    /// A call with this configuration and nothing kept.
    pub fn new(config: Value) -> Self {
        Self { config, ..Self::default() }
    }
}

/// A request of a call: where it went and what came of it, without address or content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Host.
    pub host: String,
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// Bytes of the request's body.
    pub sent: usize,
    /// Bytes of the answer's body.
    pub received: usize,
    /// From request to answer.
    pub time: Duration,
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
    /// After how many milliseconds a retry may work.
    pub retry_after_ms: Option<u64>,
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
    /// The guest returned something that is not what the contract says.
    #[error("the connector returned something that is not a JSON object")]
    Malformed,
    /// The component has no function for this call.
    #[error("the connector cannot do this")]
    Missing,
    /// No instance could be made.
    #[error("the sandbox is full or the connector does not fit")]
    Instantiate,
}

impl CallError {
    /// The outcome in one word, for metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Failure(_) => "failure",
            Self::Cpu => "cpu",
            Self::Wall => "wall",
            Self::Memory => "memory",
            Self::HostCalls => "host_calls",
            Self::TooLarge => "too_large",
            Self::Trap => "trap",
            Self::Malformed => "malformed",
            Self::Missing => "missing",
            Self::Instantiate => "instantiate",
        }
    }
}

/// What a call cost, said and kept.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Wall-clock time.
    pub wall: Duration,
    /// Guest code, in steps of the budget's tick.
    pub cpu: Duration,
    /// Most linear memory, in bytes.
    pub memory: usize,
    /// Calls of host functions.
    pub host_calls: u32,
    /// Requests sent.
    pub exchanges: Vec<Exchange>,
    /// Log lines, masked.
    pub log: Vec<String>,
    /// What to keep in the cache; none removes.
    pub cache: BTreeMap<String, Option<CacheEntry>>,
    /// The session, where the call changed it.
    pub session: Option<BTreeMap<String, String>>,
}

/// A call's result and what it cost.
pub type Outcome = (Result<String, CallError>, Report);

/// What a call's work gets: the code's exports, its instance and store.
struct Guest<'c> {
    ready: &'c Ready,
    instance: Instance,
    store: &'c mut Store<HostState>,
}

/// A connector's own answer, inside wasmtime's.
type Answered = Result<Result<String, types::Failure>, CallError>;

fn answered(result: wasmtime::Result<Result<String, types::Failure>>) -> Answered {
    result.map_err(|error| if is_too_much_data(&error) { CallError::TooLarge } else { CallError::Trap })
}

impl Sandbox {
    /// What the component says of itself, as JSON text.
    pub async fn describe(&self, component: &Component) -> Result<String, CallError> {
        let work = async |guest: Guest<'_>| {
            let exports = guest.ready.meta.load(&mut *guest.store, &guest.instance).map_err(|_| CallError::Missing)?;
            answered(exports.call_describe(guest.store).await.map(Ok))
        };
        let prepared = component.prepare(&Value::Null, &Marks::default());
        self.call(component, self.budgets().offline(), &Context::default(), &prepared, &[], work).await.0
    }

    /// Applies the component's own rules to a configuration that its schema has accepted.
    pub async fn validate(&self, component: &Component, config: &Value) -> Result<(), CallError> {
        self.validate_marked(component, config, &Marks::default()).await
    }

    /// The same for a configuration of which more was entered as secret than the component's schema marks.
    pub async fn validate_marked(&self, component: &Component, config: &Value, marks: &Marks) -> Result<(), CallError> {
        let context = Context::new(config.clone());
        let prepared = component.prepare(config, marks);
        let work = async |guest: Guest<'_>| {
            let exports =
                guest.ready.config.load(&mut *guest.store, &guest.instance).map_err(|_| CallError::Missing)?;
            let result = exports.call_validate(guest.store, &prepared.for_guest).await;
            answered(result.map(|answer| answer.map(|()| String::new())))
        };
        self.call(component, self.budgets().offline(), &context, &prepared, &[], work).await.0.map(|_| ())
    }

    /// Sends one message, as text message or e-mail. Secrets, the recipient and the code are masked in what the connector
    /// logs and reports.
    pub async fn send(&self, component: &Component, context: &Context, message: Message) -> Outcome {
        let payload = serde_json::from_str::<Value>(&message.payload).ok();
        let masked: Vec<String> = ["code", "link"]
            .iter()
            .filter_map(|name| payload.as_ref()?.get(name)?.as_str().map(ToOwned::to_owned))
            .chain([message.to.clone()])
            .collect();
        let prepared = component.prepare(&context.config, &context.marks);
        let message = sms::Message {
            to: message.to,
            usage: message.usage,
            payload: message.payload,
            locale: message.locale,
            template: message.template,
        };
        let work = async |guest: Guest<'_>| {
            if let Some(sms) = &guest.ready.sms {
                let exports = sms.load(&mut *guest.store, &guest.instance).map_err(|_| CallError::Missing)?;
                return answered(exports.call_send(guest.store, &prepared.for_guest, &message).await);
            }
            let email = guest.ready.email.as_ref().ok_or(CallError::Missing)?;
            let exports = email.load(&mut *guest.store, &guest.instance).map_err(|_| CallError::Missing)?;
            answered(exports.call_send(guest.store, &prepared.for_guest, &message).await)
        };
        let (result, report) = self.call(component, self.budgets().clone(), context, &prepared, &masked, work).await;
        // What a provider's answer is read from is an object or nothing was understood: it does not count as sent.
        let redactor = Redactor::with(&prepared.redactor, masked);
        (
            result.and_then(|text| {
                if is_object(&text) { Ok(masked_object(&text, &redactor)) } else { Err(CallError::Malformed) }
            }),
            report,
        )
    }

    /// The provider's address that the browser is sent to.
    pub async fn authorization_uri(&self, component: &Component, context: &Context, start: Start) -> Outcome {
        let prepared = component.prepare(&context.config, &context.marks);
        let masked = [start.state.clone()];
        let start = social::Start {
            state: start.state,
            redirect_uri: start.redirect_uri,
            connector_id: start.connector_id,
            factory_id: component.manifest().id.0.clone(),
            user_agent: start.user_agent,
            scope: start.scope,
        };
        let work = async |guest: Guest<'_>| {
            let social = guest.ready.social.as_ref().ok_or(CallError::Missing)?;
            let exports = social.load(&mut *guest.store, &guest.instance).map_err(|_| CallError::Missing)?;
            answered(exports.call_authorization_uri(guest.store, &prepared.for_guest, &start).await)
        };
        let (result, report) = self.call(component, self.budgets().clone(), context, &prepared, &masked, work).await;
        let plain = |text: String| if text.chars().any(is_deceptive) { Err(CallError::Malformed) } else { Ok(text) };
        (result.and_then(plain), report)
    }

    /// The identity behind a callback, as a JSON object.
    pub async fn user_info(&self, component: &Component, context: &Context, callback: &Value) -> Outcome {
        let prepared = component.prepare(&context.config, &context.marks);
        let masked = secrets_of_callback(callback);
        let callback = callback.to_string();
        let work = async |guest: Guest<'_>| {
            let social = guest.ready.social.as_ref().ok_or(CallError::Missing)?;
            let exports = social.load(&mut *guest.store, &guest.instance).map_err(|_| CallError::Missing)?;
            answered(exports.call_user_info(guest.store, &prepared.for_guest, &callback).await)
        };
        self.call(component, self.budgets().clone(), context, &prepared, &masked, work).await
    }

    /// The identity behind a callback with the provider's tokens, as a JSON object of `userInfo` and `tokens`.
    pub async fn tokens_and_user_info(&self, component: &Component, context: &Context, callback: &Value) -> Outcome {
        let prepared = component.prepare(&context.config, &context.marks);
        let masked = secrets_of_callback(callback);
        let callback = callback.to_string();
        let work = async |guest: Guest<'_>| {
            let tokens = guest.ready.social_tokens.as_ref().ok_or(CallError::Missing)?;
            let exports = tokens.load(&mut *guest.store, &guest.instance).map_err(|_| CallError::Missing)?;
            answered(exports.call_tokens_and_user_info(guest.store, &prepared.for_guest, &callback).await)
        };
        self.call(component, self.budgets().clone(), context, &prepared, &masked, work).await
    }

    /// New tokens for a refresh token, as the provider's JSON object.
    pub async fn refresh(&self, component: &Component, context: &Context, refresh_token: &str) -> Outcome {
        let prepared = component.prepare(&context.config, &context.marks);
        let masked = [refresh_token.to_owned()];
        let work = async |guest: Guest<'_>| {
            let tokens = guest.ready.social_tokens.as_ref().ok_or(CallError::Missing)?;
            let exports = tokens.load(&mut *guest.store, &guest.instance).map_err(|_| CallError::Missing)?;
            answered(exports.call_refresh(guest.store, &prepared.for_guest, refresh_token).await)
        };
        self.call(component, self.budgets().clone(), context, &prepared, &masked, work).await
    }

    async fn call(
        &self,
        component: &Component,
        budgets: Budgets,
        context: &Context,
        prepared: &Prepared,
        masked: &[String],
        work: impl AsyncFnOnce(Guest<'_>) -> Answered,
    ) -> Outcome {
        let started = Instant::now();
        let Ok(_permit) = self.slots().acquire().await else { return (Err(CallError::Instantiate), Report::default()) };
        let ready = component.ready();
        let redactor = Redactor::with(&prepared.redactor, masked.iter().cloned());
        let mut store = self.store(&ready, component, &budgets, redactor.clone(), context, prepared);
        let run = async {
            let instance = ready.pre.instantiate_async(&mut store).await.map_err(|_| CallError::Instantiate)?;
            match work(Guest { ready: &ready, instance, store: &mut store }).await? {
                Ok(text) if text.len() > budgets.result_bytes => Err(CallError::TooLarge),
                Ok(text) => Ok(text),
                Err(failure) if size(&failure) > budgets.result_bytes => Err(CallError::TooLarge),
                Err(failure) => Err(CallError::Failure(cleaned(failure, &redactor))),
            }
        };
        let result = tokio::time::timeout(budgets.wall, run).await.unwrap_or(Err(CallError::Wall));
        let state = store.data_mut();
        let result = match (result, state.breach) {
            (Err(CallError::Trap | CallError::Instantiate), Some(breach)) => Err(match breach {
                Breach::Cpu => CallError::Cpu,
                Breach::Memory => CallError::Memory,
                Breach::HostCalls => CallError::HostCalls,
                Breach::Random => CallError::TooLarge,
            }),
            (result, _) => result,
        };
        let session = state.session_changed.then(|| std::mem::take(&mut state.session));
        let report = Report {
            wall: started.elapsed(),
            cpu: Budgets::TICK * u32::try_from(state.cpu_ticks).unwrap_or(u32::MAX),
            memory: state.memory_peak,
            host_calls: state.host_calls,
            exchanges: std::mem::take(&mut state.exchanges),
            log: std::mem::take(&mut state.log),
            cache: std::mem::take(&mut state.cache_changes),
            session,
        };
        (result, report)
    }

    fn store(
        &self,
        ready: &Ready,
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
            turn: Turn::default(),
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

/// Longest failure code and message, in characters, and largest details, in bytes: what an admin reads of one call.
const MAX_CODE: usize = 64;
const MAX_MESSAGE: usize = 2_000;
const MAX_DATA: usize = 8 * 1024;
/// A retry that is further away than a day is no retry.
const MAX_RETRY_MS: u64 = 86_400_000;

fn size(failure: &types::Failure) -> usize {
    failure.code.len() + failure.message.len() + failure.data.as_ref().map_or(0, String::len)
}

/// A failure as it is shown: masked before it is cut, so that no half of a secret is left at the end.
pub(crate) fn cleaned(failure: types::Failure, redactor: &Redactor) -> Failure {
    let shown = |text: &str, most: usize| -> String {
        let masked = redactor.apply(text);
        masked.chars().take(most).map(|c| if is_deceptive(c) { ' ' } else { c }).collect()
    };
    Failure {
        code: shown(&failure.code, MAX_CODE),
        message: shown(&failure.message, MAX_MESSAGE),
        data: failure.data.map(|data| redactor.apply(&data)).filter(|data| data.len() <= MAX_DATA && is_object(data)),
        retry_after_ms: failure.retry_after_ms.map(|after| after.min(MAX_RETRY_MS)),
    }
}

/// An object without what must not be seen; a number that held it makes the object unreadable, and then nothing of it is left.
pub(crate) fn masked_object(text: &str, redactor: &Redactor) -> String {
    let masked = redactor.apply(text);
    if is_object(&masked) { masked } else { "{}".to_owned() }
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, Value>>(text).is_ok()
}

/// Whether wasmtime stopped copying because the store's host-call fuel was used up; the error's type is private.
fn is_too_much_data(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted")
}

/// What a provider sends with the browser that must not be seen in a log.
fn secrets_of_callback(callback: &Value) -> Vec<String> {
    let names = ["code", "auth_code", "id_token", "credential", "access_token", "state"];
    names.iter().filter_map(|name| callback.get(name)?.as_str().map(ToOwned::to_owned)).collect()
}
