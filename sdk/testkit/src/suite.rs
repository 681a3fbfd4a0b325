//! Runs the cases of a connector.

use std::collections::BTreeMap;
use std::sync::Arc;

use keyway_core::connectors::check_config;
use keyway_model::Timestamp;
use keyway_model::marks::Marks;
use keyway_sandbox::{CacheEntry, CallError, CallOutcome, Component, Context, Message, Report, Sandbox, Start};
use serde_json::{Map, Value, json};

use crate::case::{Call, Case, Expect, redirect_uri};
use crate::lines::step;
use crate::stage::{Stage, difference};

/// How many passed and failed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
}

impl Totals {
    /// Counts one result and says what is wrong with it.
    pub fn count(&mut self, name: &str, problems: &[String]) {
        if problems.is_empty() {
            self.passed += 1;
            step("ok", name);
        } else {
            self.failed += 1;
            step("FAILED", name);
            for problem in problems {
                println!("            {problem}");
            }
        }
    }
}

/// Runs every case; prints a line each.
pub async fn run_suite(
    sandbox: &Arc<Sandbox>,
    stage: &Stage,
    component: &Component,
    cases: &[(String, Case)],
    totals: &mut Totals,
) -> anyhow::Result<()> {
    for (_, case) in cases {
        stage.set(&case.now, &case.random, &case.exchanges)?;
        let (outcome, report) = play(sandbox, component, case).await;
        let mut problems = stage.problems();
        problems.extend(judge(&case.expect, &outcome, &report));
        totals.count(&case.name, &problems);
    }
    Ok(())
}

/// Makes a case's call on the stage that is set.
pub async fn play(sandbox: &Arc<Sandbox>, component: &Component, case: &Case) -> CallOutcome {
    component.forget_key_sets();
    let config = case.config.clone().or_else(|| component.manifest().sample.clone()).unwrap_or_else(|| json!({}));
    if let Err(error) = check_config(&component.manifest().config, &config) {
        let failure = keyway_sandbox::Failure {
            code: "invalid-config".into(),
            message: error.to_string(),
            data: None,
            retry_after_ms: None,
        };
        return (Err(CallError::Failure(failure)), Report::default());
    }
    let later = Timestamp(i64::MAX);
    let entry = |value: &String| CacheEntry { value: value.clone().into_bytes(), expires_at: later };
    let context = Context {
        marks: Marks::default(),
        config,
        cache: case.cache.iter().map(|(name, value)| (name.clone(), entry(value))).collect(),
        session: case.session.clone(),
    };
    let callback = |parameters: &Map<String, Value>| {
        let mut parameters = parameters.clone();
        parameters.entry("redirectUri").or_insert_with(|| json!(redirect_uri()));
        Value::Object(parameters)
    };
    match &case.call {
        Call::Validate {} => {
            let result = sandbox.validate(component, &context.config).await;
            (result.map(|()| "{}".to_owned()), Report::default())
        }
        Call::Send { to, usage, payload, locale, template } => {
            let message = Message {
                to: to.clone(),
                usage: usage.clone(),
                payload: Value::Object(payload.clone()).to_string(),
                locale: locale.clone(),
                template: template.as_ref().map(ToString::to_string),
            };
            sandbox.send(component, &context, message).await
        }
        Call::AuthorizationUri { state, redirect_uri, scope, user_agent } => {
            let start = Start {
                state: state.clone(),
                redirect_uri: redirect_uri.clone(),
                connector_id: "connector".into(),
                user_agent: user_agent.clone(),
                scope: scope.clone(),
            };
            sandbox.authorization_uri(component, &context, start).await
        }
        Call::UserInfo(parameters) => sandbox.user_info(component, &context, &callback(parameters)).await,
        Call::TokensAndUserInfo(parameters) => {
            sandbox.tokens_and_user_info(component, &context, &callback(parameters)).await
        }
        Call::Refresh(token) => sandbox.refresh(component, &context, token).await,
    }
}

fn judge(expect: &Expect, outcome: &Result<String, CallError>, report: &Report) -> Vec<String> {
    let mut problems = Vec::new();
    match (outcome, &expect.failure) {
        (Ok(text), None) => {
            if let Some(wanted) = &expect.result {
                let got = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
                problems.extend(difference("result", wanted, &got, false));
            }
            if let Some(wanted) = &expect.uri {
                problems.extend(difference("uri", &address(wanted), &address(text), true));
            }
        }
        (Ok(text), Some(failure)) => {
            problems.push(format!("it should fail with {}, but returned {text}", failure.code));
        }
        (Err(CallError::Failure(got)), Some(wanted)) => {
            if got.code != wanted.code {
                problems.push(format!("it failed with {} ({}), not {}", got.code, got.message, wanted.code));
            }
            if let Some(part) = &wanted.message
                && !got.message.contains(part)
            {
                problems.push(format!("its message is {:?}, without {part:?}", got.message));
            }
            if let Some(data) = &wanted.data {
                let got = got.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
                problems.extend(difference("data", data, &got, false));
            }
        }
        (Err(CallError::Failure(got)), None) => problems.push(format!("it failed with {}: {}", got.code, got.message)),
        (Err(error), _) => problems.push(error.to_string()),
    }
    let session = report.session.clone().unwrap_or_default();
    if !expect.session.is_empty() {
        problems.extend(difference("session", &json!(expect.session), &json!(session), false));
    }
    if !expect.cache.is_empty() {
        let kept: BTreeMap<&String, String> = report
            .cache
            .iter()
            .filter_map(|(name, entry)| Some((name, String::from_utf8_lossy(&entry.as_ref()?.value).into_owned())))
            .collect();
        problems.extend(difference("cache", &json!(expect.cache), &json!(kept), false));
    }
    if !problems.is_empty() && !report.log.is_empty() {
        let lines: Vec<String> = report.log.iter().map(ToString::to_string).collect();
        problems.push(format!("its log: {}", lines.join(" | ")));
    }
    problems
}

/// An address as its parts, so that the order of parameters does not matter.
fn address(text: &str) -> Value {
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    let pairs: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    json!({ "address": base, "query": pairs })
}
