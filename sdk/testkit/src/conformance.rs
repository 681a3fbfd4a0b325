//! What every connector must do, whatever it is for: the conformance kit.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use keyway_core::connectors::check_config;
use keyway_model::connector::{ConnectorKind, Manifest, secret_values};
use keyway_sandbox::{CallError, Component, Report, Sandbox};
use serde_json::{Map, Value, json};

use crate::case::{Call, Case, Exchange, Response};
use crate::stage::Stage;
use crate::suite::{Totals, play};

/// Linear memory that a call may take at most, by the SDK's language.
const MEMORY: [(&str, usize); 3] = [("rust/", 16 << 20), ("js/", 32 << 20), ("python/", 64 << 20)];

/// Runs the kit; prints a line for each rule.
pub async fn conform(
    sandbox: &Arc<Sandbox>,
    stage: &Stage,
    component: &Component,
    cases: &[(String, Case)],
    totals: &mut Totals,
) -> anyhow::Result<()> {
    let manifest = component.manifest();
    totals.count("the manifest speaks English and Chinese and has help and a sample", &completeness(manifest));
    totals.count("the schema accepts the sample and refuses what is not one", &schema(manifest));
    totals.count("no configuration makes it crash", &fuzz(sandbox, component).await);
    let mut runs = Runs { sandbox, stage, component, hosts: Vec::new() };
    totals.count("the same call sends the same requests", &runs.determinism(cases).await?);
    totals
        .count("a broken provider makes it fail, not crash, and shows no secret", &runs.broken_providers(cases).await?);
    totals.count("its calls stay small", &runs.size(cases).await?);
    if manifest.kind == ConnectorKind::Social {
        totals.count(
            "state and redirect address go through unchanged, callbacks without a code fail",
            &runs.social(cases).await?,
        );
    }
    totals.count("every host of the manifest is used", &runs.unused_hosts(manifest));
    Ok(())
}

/// The titles and descriptions that a form of this schema shows. The schema's own, at the top, are not among them.
fn sentences(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut left: Vec<(&Value, bool)> = vec![(schema, false)];
    while let Some((node, is_shown)) = left.pop() {
        if let Value::Object(fields) = node {
            for word in ["title", "description"] {
                if is_shown && let Some(Value::String(text)) = fields.get(word) {
                    found.push(text.as_str());
                }
            }
            for (word, inner) in fields {
                let fields = || inner.as_object().into_iter().flatten().map(|(_, field)| field);
                match word.as_str() {
                    "properties" => left.extend(fields().map(|field| (field, true))),
                    "$defs" => left.extend(fields().map(|field| (field, true))),
                    "anyOf" | "oneOf" => left.extend(inner.as_array().into_iter().flatten().map(|one| (one, true))),
                    "items" | "additionalProperties" => left.push((inner, true)),
                    _ => {}
                }
            }
        }
    }
    found
}

fn completeness(manifest: &Manifest) -> Vec<String> {
    let mut problems = Vec::new();
    for language in ["en", "zh-CN"] {
        for (field, texts) in [("name", &manifest.name), ("description", &manifest.description)] {
            if texts.get(language).is_none_or(|text| text.trim().is_empty()) {
                problems.push(format!("{field}: the language {language} is missing"));
            }
        }
    }
    if manifest.readme.as_ref().is_none_or(|readme| readme.len() < 200) {
        problems.push("readme: tell the admin where to click at the provider, in a few sentences".into());
    }
    for (language, texts) in &manifest.translations {
        for sentence in sentences(&manifest.config) {
            if !texts.contains_key(sentence) {
                problems.push(format!("translations: {language} has no {sentence:?}"));
            }
        }
    }
    if manifest.sample.is_none() {
        problems.push("sample: give an example configuration".into());
    }
    let properties = manifest.config.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if property.get("title").is_none() || property.get("description").is_none() {
            problems.push(format!("config.{name}: a field has a title and a description"));
        }
    }
    problems
}

fn schema(manifest: &Manifest) -> Vec<String> {
    let mut problems = Vec::new();
    let sample = manifest.sample.clone().unwrap_or_else(|| json!({}));
    if let Err(error) = check_config(&manifest.config, &sample) {
        problems.push(format!("it refuses its own sample: {error}"));
        return problems;
    }
    let accepts = |config: &Value| check_config(&manifest.config, config).is_ok();
    let changed = |name: &str, value: Value| {
        let mut config = sample.clone();
        if let Some(fields) = config.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
        config
    };
    if accepts(&changed("x-unknown-field", json!(1))) {
        problems.push("it accepts an unknown field".into());
    }
    let required = manifest.config.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        let mut config = sample.clone();
        if let Some(fields) = config.as_object_mut() {
            fields.remove(name);
        }
        if accepts(&config) {
            problems.push(format!("it accepts a configuration without {name}"));
        }
    }
    for (name, property) in manifest.config.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if accepts(&changed(name, json!([[1.5]]))) {
            problems.push(format!("it accepts a list of lists as {name}"));
        }
        if property.get("writeOnly") == Some(&Value::Bool(true)) && accepts(&changed(name, json!(""))) {
            problems.push(format!("it accepts an empty {name}"));
        }
    }
    problems
}

/// Configurations that the schema would refuse must not crash it either: a stored one may be older than the schema.
async fn fuzz(sandbox: &Arc<Sandbox>, component: &Component) -> Vec<String> {
    let sample = component.manifest().sample.clone().unwrap_or_else(|| json!({}));
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}🙂'\"<>"),
        json!([]),
        json!({}),
        json!("x".repeat(10_000)),
    ];
    let mut configs = odd.to_vec();
    let mut paths = Vec::new();
    pointers(&sample, String::new(), &mut paths);
    for path in paths {
        for value in &odd {
            let mut config = sample.clone();
            if let Some(place) = config.pointer_mut(&path) {
                *place = value.clone();
            }
            configs.push(config);
        }
    }
    for config in configs.iter().take(1000) {
        match sandbox.validate(component, config).await {
            Ok(()) | Err(CallError::Failure(_)) => {}
            Err(error) => return vec![format!("{error}, with {config}")],
        }
    }
    Vec::new()
}

fn pointers(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, inner)| pointers(inner, format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| pointers(inner, format!("{path}/{index}"), found));
        }
        _ => {}
    }
    if !path.is_empty() {
        found.push(path);
    }
}

struct Runs<'r> {
    sandbox: &'r Arc<Sandbox>,
    stage: &'r Stage,
    component: &'r Component,
    hosts: Vec<String>,
}

impl Runs<'_> {
    async fn run(&mut self, case: &Case) -> anyhow::Result<(Result<String, CallError>, Report, Vec<Value>)> {
        self.stage.set(&case.now, &case.random, &case.exchanges)?;
        let (result, report) = play(self.sandbox, self.component, case).await;
        self.hosts.extend(report.exchanges.iter().map(|exchange| exchange.host.clone()));
        Ok((result, report, self.stage.requests()))
    }

    async fn determinism(&mut self, cases: &[(String, Case)]) -> anyhow::Result<Vec<String>> {
        for (_, case) in cases {
            let (first, _, requests) = self.run(case).await?;
            let (second, _, again) = self.run(case).await?;
            if requests != again || first != second {
                return Ok(vec![format!("{}: two calls with the same clock and random source differ", case.name)]);
            }
        }
        Ok(Vec::new())
    }

    async fn broken_providers(&mut self, cases: &[(String, Case)]) -> anyhow::Result<Vec<String>> {
        let answer = |status, text: String| Exchange {
            response: Some(Response { status, headers: BTreeMap::default(), json: None, text: Some(text) }),
            ..Exchange::default()
        };
        let fails = |how: &str| Exchange { fails: Some(how.into()), ..Exchange::default() };
        let mut problems = Vec::new();
        let calls = cases.iter().filter(|(_, case)| !case.exchanges.is_empty() && case.expect.failure.is_none());
        for (_, case) in calls {
            for (what, broken) in [
                ("an empty answer", answer(200, String::new())),
                ("a page", answer(200, "<html>maintenance</html>".into())),
                ("another JSON", answer(200, "[{\"a\":null}]".into())),
                ("a huge answer", answer(200, format!("{{\"a\":\"{}\"}}", "x".repeat(1_000_000)))),
                ("half an answer", answer(200, "{\"code\":\"O".into())),
                ("bytes that are no text", answer(200, "\u{0}\u{1}\u{fffd}".into())),
                ("429", answer(429, "{}".into())),
                ("500", answer(500, "{}".into())),
                ("no answer in time", fails("timeout")),
                ("no connection", fails("unreachable")),
                ("too large an answer", fails("too-large")),
            ] {
                for position in 0..case.exchanges.len() {
                    let mut changed = case.clone();
                    let Some(exchange) = changed.exchanges.get_mut(position) else { continue };
                    *exchange =
                        Exchange { request: exchange.request.clone(), mail: exchange.mail.clone(), ..broken.clone() };
                    let (result, report, _) = self.run(&changed).await?;
                    match &result {
                        Ok(_) | Err(CallError::Failure(_)) => {}
                        // An interpreter may need more than its budget for a megabyte: that ends the call and nothing else.
                        Err(CallError::TooLarge | CallError::Cpu | CallError::Memory) if what == "a huge answer" => {}
                        Err(error) => problems.push(format!("{}: {what}: {error}", case.name)),
                    }
                    problems.extend(
                        self.leaks(&changed, &result, &report).map(|leak| format!("{}: {what}: {leak}", case.name)),
                    );
                }
            }
        }
        problems.truncate(5);
        Ok(problems)
    }

    /// Whether a secret, the recipient or the code stands in a log or a failure.
    fn leaks(&self, case: &Case, result: &Result<String, CallError>, report: &Report) -> Option<String> {
        let manifest = self.component.manifest();
        let config = case.config.clone().or_else(|| manifest.sample.clone()).unwrap_or_default();
        let mut secrets = secret_values(&manifest.config, &config);
        if let Call::Send { to, payload, .. } = &case.call {
            secrets.push(to.clone());
            secrets.extend(payload.get("code").and_then(Value::as_str).map(ToOwned::to_owned));
        }
        let mut texts: Vec<String> = report.log.iter().map(|line| line.text.clone()).collect();
        if let Err(CallError::Failure(failure)) = result {
            texts.push(failure.message.clone());
            texts.extend(failure.data.clone());
        }
        let secret =
            secrets.iter().find(|secret| secret.len() >= 4 && texts.iter().any(|text| text.contains(*secret)))?;
        Some(format!("{secret:?} stands in its log or failure"))
    }

    async fn size(&mut self, cases: &[(String, Case)]) -> anyhow::Result<Vec<String>> {
        let sdk = &self.component.manifest().sdk;
        let most = MEMORY.iter().find(|(name, _)| sdk.starts_with(name)).map_or(64 << 20, |(_, most)| *most);
        for (_, case) in cases {
            let (_, report, _) = self.run(case).await?;
            if report.memory > most {
                return Ok(vec![format!(
                    "{}: {} MiB of memory, more than {}",
                    case.name,
                    report.memory >> 20,
                    most >> 20
                )]);
            }
        }
        Ok(Vec::new())
    }

    async fn social(&mut self, cases: &[(String, Case)]) -> anyhow::Result<Vec<String>> {
        let mut problems = Vec::new();
        let template = cases.iter().find(|(_, case)| matches!(case.call, Call::AuthorizationUri { .. }));
        let (_, template) = template.context("a social connector needs a case that calls authorizationUri")?;
        let (state, redirect) = ("s t/a+t&e=%é", "https://id.example.com/callback/a?b=c&d=e");
        let call = Call::AuthorizationUri {
            state: state.into(),
            redirect_uri: redirect.into(),
            scope: None,
            user_agent: None,
        };
        let case = Case { call, exchanges: Vec::new(), ..template.clone() };
        match self.run(&case).await?.0 {
            Ok(uri) => {
                let pairs: Vec<(String, String)> =
                    url::Url::parse(&uri).map(|uri| uri.query_pairs().into_owned().collect()).unwrap_or_default();
                let has = |value: &str| pairs.iter().any(|(_, other)| other == value);
                if !has(state) {
                    problems.push(format!("the state is not in {uri}"));
                }
                if self.component.manifest().platform != Some(keyway_model::connector::Platform::Native)
                    && !has(redirect)
                {
                    problems.push(format!("the redirect address is not in {uri}"));
                }
            }
            Err(error) => problems.push(error.to_string()),
        }
        let none = Map::new();
        let denied = Map::from_iter([("error".to_owned(), json!("access_denied"))]);
        for (what, parameters) in [("an empty callback", none), ("a refusal", denied)] {
            let case = Case { call: Call::UserInfo(parameters), exchanges: Vec::new(), ..template.clone() };
            match self.run(&case).await?.0 {
                Err(CallError::Failure(_)) => {}
                other => problems.push(format!("{what} should fail, not {other:?}")),
            }
        }
        Ok(problems)
    }

    fn unused_hosts(&self, manifest: &Manifest) -> Vec<String> {
        let used = |pattern: &str| {
            let suffix = pattern.strip_prefix('*');
            self.hosts.iter().any(|host| suffix.map_or(host == pattern, |suffix| host.ends_with(suffix)))
        };
        let literal = manifest.hosts.iter().filter(|host| !host.starts_with("${"));
        literal.filter(|host| !used(host)).map(|host| format!("no case calls {host}")).collect()
    }
}
