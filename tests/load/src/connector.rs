//! A connector's call in a fresh instance beside the same work in native code: the same crate, the same egress rules, an
//! answer at once.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use aliyun_sms::AliyunSms;
use anyhow::Context as _;
use keyway_connector::bindings::imports::keyway::connector::types;
use keyway_connector::native::{self, Host};
use keyway_model::{Clock, Rng, Timestamp};
use keyway_sandbox::{
    Budgets, Component, Context as CallContext, EgressPolicy, EngineSettings, FetchError, Message, Request, Response,
    Sandbox, Transport,
};
use serde_json::json;

use crate::measure::Plan;

const ANSWER: &str =
    r#"{"Message":"OK","RequestId":"F655A8D5-B967-440B-8683-DAD6FF8DE990","Code":"OK","BizId":"9006197469364984400"}"#;
const NOW: u64 = 1_700_000_000_000;
const TO: &str = "8613012345678";

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000)
    }
}

impl Rng for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

impl Host for Fixed {
    fn fetch(&self, _: &native::Request) -> Result<native::Response, native::Error> {
        Ok(native::Response { status: 200, headers: Vec::new(), body: ANSWER.into() })
    }

    fn now_ms(&self) -> u64 {
        NOW
    }
}

#[async_trait::async_trait]
impl Transport for Fixed {
    async fn carry(&self, _: Request) -> Result<Response, FetchError> {
        Ok(Response { status: 200, headers: Vec::new(), body: ANSWER.into() })
    }
}

fn config() -> String {
    let template = |usage: &str| json!({ "usageType": usage, "templateCode": "SMS_100001" });
    let templates = ["Register", "SignIn", "ForgotPassword", "Generic"].map(template);
    json!({ "accessKeyId": "id", "accessKeySecret": "secret", "signName": "Keyway", "templates": templates })
        .to_string()
}

/// What was measured.
pub struct Measured {
    /// Microseconds of one call in native code, of each round.
    pub native: Vec<f64>,
    /// Microseconds of one call in a fresh instance, of each round.
    pub fresh: Vec<f64>,
    /// Calls per second on one core, of each round.
    pub one_core: Vec<f64>,
    /// Calls per second on two cores, of each round.
    pub two_cores: Vec<f64>,
}

/// Measures `component`, the built Aliyun connector.
pub fn measure(plan: &Plan, component: &[u8]) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir()?;
    let sandbox = Sandbox::new(EngineSettings {
        cache: folder.path().to_owned(),
        cache_key: [1; 32],
        pooling: true,
        compiler: None,
        budgets: Budgets::default(),
        egress: EgressPolicy::default(),
        transport: Some(Arc::new(Fixed)),
        clock: Arc::new(Fixed),
        rng: Arc::new(Fixed),
    })?;
    let alone = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let loaded = alone.block_on(sandbox.load(component))?;
    let context = CallContext::new(serde_json::from_str(&config())?);
    let config = config();
    let mut measured = Measured { native: Vec::new(), fresh: Vec::new(), one_core: Vec::new(), two_cores: Vec::new() };
    for _ in 0..plan.rounds {
        let native = native::with_host(Rc::new(Fixed), || calls(plan, || native_call(&config)))?;
        let fresh = calls(plan, || alone.block_on(fresh_call(&sandbox, &loaded, &context)))?;
        measured.native.push(1e6 / native);
        measured.fresh.push(1e6 / fresh);
        measured.one_core.push(fresh);
        measured.two_cores.push(on_two_cores(plan, &sandbox, &loaded, &context)?);
    }
    Ok(measured)
}

/// Calls per second.
fn calls(plan: &Plan, call: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < plan.round {
        for _ in 0..32 {
            call()?;
        }
        count += 32;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

fn native_call(config: &str) -> anyhow::Result<()> {
    let message = types::Message {
        to: TO.into(),
        usage: "SignIn".into(),
        payload: json!({ "code": "123456" }).to_string(),
        locale: None,
        template: None,
    };
    let sent = keyway_connector::__private::send_sms::<AliyunSms>(config, message);
    sent.map(|_| ()).map_err(|failure| anyhow::anyhow!(failure.message))
}

async fn fresh_call(sandbox: &Arc<Sandbox>, loaded: &Component, context: &CallContext) -> anyhow::Result<()> {
    let message = Message {
        to: TO.into(),
        usage: "SignIn".into(),
        payload: json!({ "code": "123456" }).to_string(),
        locale: None,
        template: None,
    };
    let (result, _) = sandbox.send(loaded, context, message).await;
    result.map(|_| ()).context("the connector failed")
}

fn on_two_cores(plan: &Plan, sandbox: &Arc<Sandbox>, loaded: &Component, context: &CallContext) -> anyhow::Result<f64> {
    std::thread::scope(|scope| {
        let work = || {
            let alone = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            calls(plan, || alone.block_on(fresh_call(sandbox, loaded, context)))
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?).sum()
    })
}
