//! Records a call against the live provider as a case: what was sent and answered, with every secret, the recipient and the
//! provider's tokens taken out by value.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use keyway_core::connectors::check_upload;
use keyway_model::connector::secret_values;
use keyway_model::{Clock, Rng, Timestamp};
use keyway_sandbox::{CallError, EgressPolicy, FetchError, Network, Request, Response, Sandbox, Transport};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::case::{self, Call, Case, Exchange, Expect, ExpectFailure};
use crate::lines::step;
use crate::project::Project;
use crate::stage::{self, Stage};
use crate::{sdk, suite};

/// Where the call goes and what it is made of.
#[derive(Debug, clap::Args)]
pub struct Recording {
    /// File of a case that says what to call; its script and expectations are not used
    file: std::path::PathBuf,
    /// Which one of several, by its name or the beginning of it; the first when absent
    #[arg(long)]
    case: Option<String>,
    /// File of the live configuration, secrets included; keep it out of the repository
    #[arg(long)]
    config: std::path::PathBuf,
    /// The number or address that really gets the message, in place of the case's
    #[arg(long)]
    to: Option<String>,
    /// The case to write
    #[arg(long, default_value = "cases/recorded.json")]
    out: std::path::PathBuf,
    /// The project's folder
    #[arg(long, default_value = ".")]
    folder: std::path::PathBuf,
    /// Sends the traffic of one origin elsewhere, such as to the provider's sandbox: FROM=TO
    #[arg(long, default_value = "")]
    egress_rewrites: String,
}

/// Header lines of an answer that connectors read; the others may name the account.
const KEPT_HEADERS: [&str; 3] = ["content-type", "location", "retry-after"];

/// Fields of an answer whose values are a person's or an account's.
const TOKENS: [&str; 4] = ["access_token", "refresh_token", "id_token", "session_key"];

/// Carries requests to the network and keeps them.
struct Recorder {
    network: Network,
    heard: Mutex<Vec<(Request, Result<Response, FetchError>)>>,
    now: Timestamp,
}

impl Clock for Recorder {
    fn now(&self) -> Timestamp {
        self.now
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn carry(&self, request: Request) -> Result<Response, FetchError> {
        let answer = self.network.carry(request.clone()).await;
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push((request, answer.clone()));
        answer
    }

    async fn mail(&self, _: Value) -> Result<String, String> {
        Err("a relay's answer is one line: write the case by hand, with `mail` in place of `request`".into())
    }
}

/// Random bytes as a case gives them: the same ones over and over.
struct Repeated(Vec<u8>);

impl Rng for Repeated {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(self.0.iter().cycle()).for_each(|(byte, value)| *byte = *value);
    }
}

/// Makes the call and writes the case.
pub async fn record(recording: &Recording) -> anyhow::Result<()> {
    let wasm =
        std::fs::read(Project::open(&recording.folder)?.component()).context("run `keyway connector build` first")?;
    let egress = EgressPolicy::parse(&recording.egress_rewrites, "").map_err(anyhow::Error::msg)?;
    let template = case::choose(&recording.file, recording.case.as_deref())?;
    let config: Value = read(&recording.config)?;
    let case = record_call(&wasm, template, config, recording.to.as_deref(), egress).await?;
    sdk::write(&recording.out, &format!("{}\n", serde_json::to_string_pretty(&case)?))?;
    step("recorded", format!("{} requests in {}", case.exchanges.len(), recording.out.display()));
    step("next", "read it, give it a name, and run keyway connector test");
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not what it should be", path.display()))
}

/// A case of the call to the live provider. Fields that depend on a secret, such as signatures, are expected as `"*"`.
pub async fn record_call(
    wasm: &[u8],
    template: Case,
    config: Value,
    to: Option<&str>,
    egress: EgressPolicy,
) -> anyhow::Result<Case> {
    let now = OffsetDateTime::from_unix_timestamp(OffsetDateTime::now_utc().unix_timestamp())?;
    let recorder = Arc::new(Recorder {
        network: Network::new(egress),
        heard: Mutex::default(),
        now: Timestamp(now.unix_timestamp() * 1000),
    });
    let random = Repeated(hex::decode(&template.random).context("random: not hex")?);
    let sandbox = stage::sandbox_of(Arc::clone(&recorder) as _, Arc::clone(&recorder) as _, Arc::new(random))?;
    let component = check_upload(&sandbox, wasm).await?;
    let stand_in = recipient(&template.call).unwrap_or_default();
    let mut live = Case { config: Some(config.clone()), now: now.format(&Rfc3339)?, ..template };
    if let (Call::Send { to: recipient, .. }, Some(to)) = (&mut live.call, to) {
        to.clone_into(recipient);
    }
    let (outcome, _) = suite::play(&sandbox, &component, &live).await;
    let heard = std::mem::take(&mut *recorder.heard.lock().unwrap_or_else(PoisonError::into_inner));
    if let Err(error) = &outcome
        && !matches!(error, CallError::Failure(_))
    {
        bail!("the call failed: {error}");
    }
    let secrets = |config: &Value| secret_values(&component.manifest().config, config);
    let samples = component.manifest().sample.as_ref().map(secrets).unwrap_or_default();
    let mut scrub = Scrub::new(secrets(&config), &samples, to.map(|to| (to, stand_in.as_str())));
    scrub.callback(&live.call);
    heard.iter().filter_map(|(_, answer)| answer.as_ref().ok()).for_each(|answer| scrub.tokens(answer));
    let exchanges = heard.into_iter().map(|(request, answer)| exchange(&request, answer)).collect();
    let mut recorded = Case { exchanges, expect: expected(&outcome), ..live };
    recorded = serde_json::from_value(scrub.value(serde_json::to_value(&recorded)?))?;
    settle(&sandbox_of_script()?, wasm, &mut recorded).await?;
    Ok(recorded)
}

type Scripted = (Arc<Sandbox>, Arc<Stage>);

fn sandbox_of_script() -> anyhow::Result<Scripted> {
    Stage::default().into_sandbox()
}

fn recipient(call: &Call) -> Option<String> {
    if let Call::Send { to, .. } = call { Some(to.clone()) } else { None }
}

fn read_field<T: serde::de::DeserializeOwned>(value: &Value, name: &str) -> Option<T> {
    serde_json::from_value(value.get(name)?.clone()).ok()
}

fn exchange(request: &Request, answer: Result<Response, FetchError>) -> Exchange {
    let sent = stage::shown(request);
    let field = |name: &str| sent.get(name).cloned();
    let (form, json) = (read_field(&sent, "form"), field("json").filter(|json| !json.is_null()));
    let text = if form.is_none() && json.is_none() { field("body") } else { None };
    let request = case::Request {
        method: request.method.clone(),
        url: field("url").and_then(|url| url.as_str().map(ToOwned::to_owned)).unwrap_or_default(),
        query: read_field(&sent, "query"),
        headers: read_field(&sent, "headers").unwrap_or_default(),
        form,
        json,
        body: text.and_then(|body| body.as_str().map(ToOwned::to_owned)),
    };
    let (response, fails) = match answer {
        Ok(answer) => (Some(response(answer)), None),
        Err(FetchError::Timeout) => (None, Some("timeout".to_owned())),
        Err(FetchError::TooLarge) => (None, Some("too-large".to_owned())),
        Err(_) => (None, Some("unreachable".to_owned())),
    };
    Exchange { request: Some(request), mail: None, response, fails }
}

fn response(answer: Response) -> case::Response {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in answer.headers {
        let name = name.to_ascii_lowercase();
        if KEPT_HEADERS.contains(&name.as_str()) {
            headers.entry(name).or_default().push(value);
        }
    }
    let values = |mut values: Vec<String>| match (values.len(), values.pop()) {
        (1, Some(value)) => case::Values::One(value),
        (_, last) => case::Values::Many(values.into_iter().chain(last).collect()),
    };
    let headers = headers.into_iter().map(|(name, list)| (name, values(list))).collect();
    let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let text = json.is_none().then(|| String::from_utf8_lossy(&answer.body).into_owned());
    case::Response { status: answer.status, headers, json, text }
}

fn expected(outcome: &Result<String, CallError>) -> Expect {
    match outcome {
        Ok(text) => match serde_json::from_str::<Value>(text) {
            Ok(result) => Expect { result: Some(result), ..Expect::default() },
            Err(_) => Expect { uri: Some(text.clone()), ..Expect::default() },
        },
        Err(CallError::Failure(failure)) => {
            let data = failure.data.as_deref().and_then(|data| serde_json::from_str(data).ok());
            let failure = ExpectFailure { code: failure.code.clone(), message: Some(failure.message.clone()), data };
            Expect { failure: Some(failure), ..Expect::default() }
        }
        Err(_) => Expect::default(),
    }
}

/// Values that must not be written, longest first, with what stands for them.
struct Scrub(Vec<(String, String)>);

impl Scrub {
    /// The sample's secrets stand for the real ones where it has the same fields.
    fn new(secrets: Vec<String>, samples: &[String], recipient: Option<(&str, &str)>) -> Self {
        let mut scrub = Self(Vec::new());
        let fitting = samples.len() == secrets.len();
        for (index, secret) in secrets.into_iter().enumerate() {
            let sample = samples.get(index).filter(|_| fitting).cloned();
            scrub.add(secret, sample.unwrap_or_else(|| format!("secret-{}", index + 1)));
        }
        if let Some((live, stand_in)) = recipient {
            scrub.add(live.to_owned(), stand_in.to_owned());
        }
        scrub
    }

    fn add(&mut self, value: String, stand_in: String) {
        if value.chars().count() >= 4 && value != stand_in {
            let escaped = url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>();
            let hexed = hex::encode(&value);
            self.0.extend([(escaped, stand_in.clone()), (hexed, stand_in.clone()), (value, stand_in)]);
            self.0.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        }
    }

    /// The codes with which a provider sent the browser back.
    fn callback(&mut self, call: &Call) {
        let (Call::UserInfo(parameters) | Call::TokensAndUserInfo(parameters)) = call else { return };
        for (name, value) in parameters.iter().filter(|(name, _)| *name != "redirectUri") {
            if let Some(value) = value.as_str() {
                self.add(value.to_owned(), format!("recorded-{name}"));
            }
        }
    }

    /// The tokens of an answer, which later requests may hold.
    fn tokens(&mut self, answer: &Response) {
        let fields: Map<String, Value> = serde_json::from_slice(&answer.body).unwrap_or_else(|_| {
            let pairs: BTreeMap<String, String> = url::form_urlencoded::parse(&answer.body).into_owned().collect();
            pairs.into_iter().map(|(name, value)| (name, json!(value))).collect()
        });
        for (name, value) in fields.iter().filter(|(name, _)| TOKENS.contains(&name.as_str())) {
            if let Some(value) = value.as_str() {
                self.add(value.to_owned(), format!("recorded-{name}"));
            }
        }
    }

    fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (value, stand_in)| text.replace(value.as_str(), stand_in))
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(name, value)| (self.text(&name), self.value(value))).collect()
            }
            other => other,
        }
    }
}

/// Plays the case without the secrets: where a request differs then, the field was made from one, and any value is right.
async fn settle((sandbox, stage): &Scripted, wasm: &[u8], case: &mut Case) -> anyhow::Result<()> {
    let component = check_upload(sandbox, wasm).await?;
    stage.set(&case.now, &case.random, &case.exchanges)?;
    let _ = suite::play(sandbox, &component, case).await;
    for (exchange, sent) in case.exchanges.iter_mut().zip(stage.requests()) {
        let Some(request) = &mut exchange.request else { continue };
        let mut wanted = serde_json::to_value(&*request)?;
        loosen(&mut wanted, &sent);
        *request = serde_json::from_value(wanted)?;
    }
    Ok(())
}

/// Replaces texts that differ by `"*"`.
fn loosen(wanted: &mut Value, sent: &Value) {
    match (wanted, sent) {
        (Value::Object(wanted), Value::Object(sent)) => {
            wanted
                .iter_mut()
                .filter_map(|(name, value)| Some((value, sent.get(name)?)))
                .for_each(|(w, s)| loosen(w, s));
        }
        (Value::Array(wanted), Value::Array(sent)) => {
            wanted.iter_mut().zip(sent).for_each(|(wanted, sent)| loosen(wanted, sent));
        }
        (wanted, sent) if wanted != sent => *wanted = json!("*"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;
    use crate::suite::{Totals, run_suite};

    const TOKEN: &str = "Bearer live-token-4711";
    const RECIPIENT: &str = "4915112345678";

    /// A provider that says everything back that it was told, and sets a cookie.
    fn echo() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut heard, mut chunk) = (Vec::new(), [0; 4096]);
            while !heard.ends_with(b"}") {
                let count = stream.read(&mut chunk).unwrap();
                heard.extend_from_slice(&chunk[..count]);
            }
            let body =
                json!({ "heard": String::from_utf8(heard).unwrap(), "access_token": "live-access-token" }).to_string();
            write!(
                stream,
                "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nset-cookie: account=live\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        });
        address
    }

    #[tokio::test]
    async fn secrets_in_recordings_are_taken_out_and_the_case_passes() {
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../host/sandbox/tests/contract/1.0.0/sms.wasm");
        let wasm = std::fs::read(fixture).unwrap();
        let egress = EgressPolicy::parse(&format!("https://sms.example.com={}", echo()), "").unwrap();
        let case = json!({ "name": "live", "call": { "send": { "to": "8613012345678" } }, "expect": {} });
        let config = json!({ "endpoint": "https://sms.example.com/messages", "authorization": TOKEN });
        let template = serde_json::from_value(case).unwrap();
        let recorded = record_call(&wasm, template, config, Some(RECIPIENT), egress).await.unwrap();
        let text = serde_json::to_string_pretty(&recorded).unwrap();
        for secret in [TOKEN, "live-token-4711", RECIPIENT, "live-access-token", "account=live"] {
            assert!(!text.contains(secret), "{secret} stands in {text}");
        }
        assert!(text.contains("8613012345678"), "{text}");
        assert_eq!(recorded.exchanges.len(), 1);
        assert_eq!(recorded.exchanges[0].response.as_ref().unwrap().status, 401);
        let (sandbox, stage) = Stage::default().into_sandbox().unwrap();
        let component = check_upload(&sandbox, &wasm).await.unwrap();
        let mut totals = Totals::default();
        run_suite(&sandbox, &stage, &component, &[("recorded".into(), recorded)], &mut totals).await.unwrap();
        assert_eq!((totals.passed, totals.failed), (1, 0));
    }
}
