//! The sandbox of a test: the clock and the random source stand still, and the provider is a script.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use async_trait::async_trait;
use keyway_model::{Clock, Rng, Timestamp};
use keyway_sandbox::{Budgets, EgressPolicy, EngineSettings, FetchError, Request, Response, Sandbox, Transport};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::case::{self, Exchange};

/// What is played.
#[derive(Default)]
struct Play {
    now: i64,
    random: Vec<u8>,
    position: usize,
    script: VecDeque<Exchange>,
    problems: Vec<String>,
    requests: Vec<Value>,
}

/// Clock, random source and provider in one.
#[derive(Default)]
pub struct Stage(Mutex<Play>);

/// A sandbox whose code cache outlives the test, without a script.
pub fn sandbox() -> anyhow::Result<Arc<Sandbox>> {
    Stage::default().into_sandbox().map(|(sandbox, _)| sandbox)
}

/// A sandbox with the author's cache of compiled code.
pub fn sandbox_of(
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
) -> anyhow::Result<Arc<Sandbox>> {
    let home = std::env::var_os("XDG_CACHE_HOME")
        .map(std::path::PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| std::path::PathBuf::from(home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    Sandbox::new(EngineSettings {
        cache: home.join("keyway-connector"),
        // The cache of an author's own machine holds code of the author's own.
        cache_key: *b"keyway-connector-development-key",
        pooling: false,
        compiler: None,
        budgets: Budgets::default(),
        egress: EgressPolicy::default(),
        transport: Some(transport),
        clock,
        rng,
    })
}

impl Stage {
    /// A sandbox that plays this stage.
    pub fn into_sandbox(self) -> anyhow::Result<(Arc<Sandbox>, Arc<Self>)> {
        let stage = Arc::new(self);
        let sandbox = sandbox_of(Arc::clone(&stage) as _, Arc::clone(&stage) as _, Arc::clone(&stage) as _)?;
        Ok((sandbox, stage))
    }

    fn play(&self) -> MutexGuard<'_, Play> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the scene.
    pub fn set(&self, now: &str, random: &str, script: &[Exchange]) -> anyhow::Result<()> {
        let now = OffsetDateTime::parse(now, &Rfc3339).with_context(|| format!("now: {now} is not RFC 3339"))?;
        let random = hex::decode(random).context("random: not hex")?;
        *self.play() = Play {
            now: i64::try_from(now.unix_timestamp_nanos() / 1_000_000)?,
            random,
            script: script.iter().cloned().collect(),
            ..Play::default()
        };
        Ok(())
    }

    /// What was not as the script says, requests that were never sent included.
    pub fn problems(&self) -> Vec<String> {
        let mut play = self.play();
        let mut problems = std::mem::take(&mut play.problems);
        for exchange in &play.script {
            let missing = exchange
                .request
                .as_ref()
                .map_or_else(|| "a mail".to_owned(), |request| format!("{} {}", request.method, request.url));
            problems.push(format!("it did not send {missing}"));
        }
        problems
    }

    /// The requests that were sent.
    pub fn requests(&self) -> Vec<Value> {
        self.play().requests.clone()
    }
}

impl Clock for Stage {
    fn now(&self) -> Timestamp {
        Timestamp(self.play().now)
    }
}

impl Rng for Stage {
    fn fill(&self, bytes: &mut [u8]) {
        let mut play = self.play();
        for byte in bytes {
            let length = play.random.len().max(1);
            *byte = play.random.get(play.position % length).copied().unwrap_or(7);
            play.position += 1;
        }
    }
}

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// A request in the form of a case's.
pub fn shown(request: &Request) -> Value {
    let (url, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let headers: BTreeMap<String, String> =
        request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let body = request.body.as_deref().unwrap_or_default();
    let mut shown = json!({ "method": request.method, "url": url, "headers": headers });
    let Some(fields) = shown.as_object_mut() else { return shown };
    if !query.is_empty() {
        fields.insert("query".into(), json!(pairs(query.as_bytes())));
    }
    let kind = headers.get("content-type").map(String::as_str).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        fields.insert("form".into(), json!(pairs(body)));
    } else if kind.starts_with("application/json") {
        fields.insert("json".into(), serde_json::from_slice(body).unwrap_or_default());
    }
    if !body.is_empty() {
        fields.insert("body".into(), json!(String::from_utf8_lossy(body)));
    }
    shown
}

/// Where `got` differs from `wanted`; fields that are not wanted do not matter unless `all` says so.
pub fn difference(path: &str, wanted: &Value, got: &Value, all: bool) -> Option<String> {
    match (wanted, got) {
        (Value::String(text), _) if text == "*" && !got.is_null() => None,
        (Value::Object(wanted), Value::Object(got)) => {
            let absent = Value::Null;
            let inner = |name: &String, value: &Value| {
                difference(&format!("{path}.{name}"), value, got.get(name).unwrap_or(&absent), all)
            };
            let extra = || {
                let name = got.keys().find(|name| all && !wanted.contains_key(*name))?;
                Some(format!("{path}.{name} should not be there"))
            };
            wanted.iter().find_map(|(name, value)| inner(name, value)).or_else(extra)
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => wanted
            .iter()
            .zip(got)
            .enumerate()
            .find_map(|(index, (wanted, got))| difference(&format!("{path}[{index}]"), wanted, got, all)),
        _ if wanted == got => None,
        _ => Some(format!("{path} is {got}, not {wanted}")),
    }
}

fn request_difference(wanted: &case::Request, got: &Value) -> Option<String> {
    let absent = Value::Null;
    let field = |name: &str| got.get(name).unwrap_or(&absent);
    let headers: BTreeMap<String, &String> =
        wanted.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let optional =
        |name: &str, wanted: Option<Value>| wanted.and_then(|wanted| difference(name, &wanted, field(name), true));
    difference("method", &json!(wanted.method), field("method"), true)
        .or_else(|| difference("url", &json!(wanted.url), field("url"), true))
        .or_else(|| difference("headers", &json!(headers), field("headers"), false))
        .or_else(|| optional("query", wanted.query.as_ref().map(|query| json!(query))))
        .or_else(|| optional("form", wanted.form.as_ref().map(|form| json!(form))))
        .or_else(|| optional("json", wanted.json.clone()))
        .or_else(|| optional("body", wanted.body.as_ref().map(|body| json!(body))))
}

#[async_trait]
impl Transport for Stage {
    async fn carry(&self, request: Request) -> Result<Response, FetchError> {
        let got = shown(&request);
        let mut play = self.play();
        play.requests.push(got.clone());
        let Some(exchange) = play.script.pop_front() else {
            play.problems.push(format!("it sent a request that the case does not have: {got:#}"));
            return Err(FetchError::Unreachable);
        };
        let problem = match &exchange.request {
            Some(wanted) => request_difference(wanted, &got),
            None => Some("it sent a request in place of a mail".into()),
        };
        if let Some(problem) = problem {
            play.problems
                .push(format!("its request to {}: {problem}", request.url.split('?').next().unwrap_or_default()));
        }
        match (exchange.response, exchange.fails.as_deref()) {
            (_, Some("timeout")) => Err(FetchError::Timeout),
            (_, Some("too-large")) => Err(FetchError::TooLarge),
            (None, _) | (_, Some(_)) => Err(FetchError::Unreachable),
            (Some(response), None) => {
                let body = response.json.map(|json| json.to_string()).or(response.text).unwrap_or_default();
                let headers = response.headers.iter();
                let headers =
                    headers.flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone())));
                let headers = headers.collect();
                Ok(Response { status: response.status, headers, body: body.into_bytes() })
            }
        }
    }

    async fn mail(&self, mail: Value) -> Result<String, String> {
        let mut play = self.play();
        play.requests.push(mail.clone());
        let Some(exchange) = play.script.pop_front() else {
            play.problems.push(format!("it sent a mail that the case does not have: {mail:#}"));
            return Err("554 no such mail here".into());
        };
        let wanted = exchange.mail.unwrap_or_else(|| json!({ "mail": "none" }));
        if let Some(problem) = difference("mail", &wanted, &mail, false) {
            play.problems.push(problem);
        }
        exchange.fails.map_or_else(|| Ok("250 queued".into()), Err)
    }
}
