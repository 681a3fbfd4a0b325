//! Calls and their answers as a text, which is compared with a file beside this one: the wire format as clients see it.
//!
//! `INSTA_UPDATE=always cargo test -p keyway-testing operations` writes the files; what changed in them is for a person to read.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request, header};
use keyway_testing::{Answer, Browser, TestServer};
use serde_json::Value;

/// Headers that belong to an answer's meaning.
const HEADERS: [&str; 8] = [
    "allow",
    "cache-control",
    "content-disposition",
    "link",
    "location",
    "retry-after",
    "total-number",
    "www-authenticate",
];

/// Longest string that is shown, in characters: a module's README is not what is tested here.
const MAX_STRING: usize = 400;

/// What was called on one server so far.
pub struct Transcript<'a> {
    server: &'a TestServer,
    text: String,
    names: Names,
}

impl<'a> Transcript<'a> {
    /// An empty one.
    pub fn new(server: &'a TestServer) -> Self {
        Self { server, text: String::new(), names: Names::default() }
    }

    /// A call without a body, such as `GET /applications`, by a machine that may do everything; the answer's body.
    pub async fn call(&mut self, operation: &str) -> Value {
        self.made(operation, None).await
    }

    /// A call with a body.
    pub async fn send(&mut self, operation: &str, body: Value) -> Value {
        self.made(operation, Some(body)).await
    }

    async fn made(&mut self, operation: &str, body: Option<Value>) -> Value {
        // Lists are ordered by time.
        self.server.clock.turn(1);
        let (method, path) = operation.split_once(' ').unwrap();
        let answer = self.server.api(method.parse().unwrap(), path, body.clone()).await;
        let sent = body.map(|mut body| {
            shorten(&mut body);
            body.to_string()
        });
        self.record(&format!("{method} /api{path}"), &sent.unwrap_or_default(), &answer)
    }

    /// A call with a body of some media type, or of none.
    pub async fn send_bytes(&mut self, operation: &str, media_type: &str, shown: &str, bytes: Vec<u8>) -> Value {
        self.server.clock.turn(1);
        let (method, path) = operation.split_once(' ').unwrap();
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(format!("/api{path}"));
        if !media_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let answer = self.server.machine().send(request.body(Body::from(bytes)).unwrap()).await;
        self.record(&format!("{method} /api{path}"), shown, &answer)
    }

    /// A call by somebody else, such as `GET /oidc/me`, with JSON or without a body.
    pub async fn by(&mut self, browser: &mut Browser, operation: &str, body: Option<Value>) -> Answer {
        let (method, path) = operation.split_once(' ').unwrap();
        let sent = body.as_ref().map(ToString::to_string).unwrap_or_default();
        let answer = browser.json(method.parse().unwrap(), path, body).await;
        self.record(operation, &sent, &answer);
        answer
    }

    /// A form that somebody else sends by POST.
    pub async fn form(&mut self, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
        let sent: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = browser.post_form(path, fields).await;
        self.record(&format!("POST {path}"), &sent.join(" "), &answer);
        answer
    }

    /// Gives an id that no answer of the transcript showed a number in place of itself.
    pub fn know(&mut self, id: &str) {
        self.names.number(id);
    }

    /// Adds the claims of a signed token.
    pub fn claims(&mut self, token: &str) {
        for part in token.split('.').take(2) {
            let part: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
            self.names.learn(&part);
            self.text.push_str(&self.names.replace(&format!("{part:#}\n")));
        }
        self.text.push('\n');
    }

    /// Takes in a call that was made, and answers its body.
    pub fn record(&mut self, operation: &str, sent: &str, answer: &Answer) -> Value {
        let mut lines = vec![format!("### {operation}: {}", answer.status.as_u16())];
        lines.extend((!sent.is_empty()).then(|| format!("> {sent}")));
        for name in HEADERS {
            let values = answer.headers.get_all(name).iter();
            lines.extend(values.map(|value| format!("{name}: {}", value.to_str().unwrap())));
        }
        let kind = answer.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap());
        let body = answer.json();
        self.names.learn(&body);
        if let Some(id) = answer.location_parameter("interaction") {
            self.names.number(&id);
        }
        if kind == Some("application/json") {
            let mut shown = body.clone();
            shorten(&mut shown);
            lines.push(format!("{shown:#}"));
        } else {
            lines.extend(kind.map(|kind| format!("content-type: {kind}")));
            let is_page = kind.is_some_and(|kind| kind.starts_with("text/html"));
            lines.extend((!answer.body.is_empty() && !is_page).then(|| answer.body.clone()));
        }
        self.text.push_str(&self.names.replace(&lines.join("\n")));
        self.text.push_str("\n\n");
        body
    }

    /// Compares all of it with the file of this name.
    #[track_caller]
    pub fn compare(self, name: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, self.text));
    }
}

/// Leaves out what depends on the machine and on how components were built, and long strings.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().count() > MAX_STRING => "<long>".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => {
            for (name, value) in fields {
                if ["ms", "size"].contains(&name.as_str()) && value.is_number() {
                    *value = "<number>".into();
                } else if ["x", "y"].contains(&name.as_str()) {
                    *value = "<coordinate>".into();
                }
                shorten(value);
            }
        }
        _ => {}
    }
}

/// Random values, numbered as they appear.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    /// Remembers ids that are too short to be told from a word.
    fn learn(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    let short = value.as_str().filter(|text| SHORT_IDS.contains(&text.len()) && is_random(text));
                    if let (Some(id), true) = (short, IDS.contains(&name.as_str())) {
                        self.number(id);
                    }
                    self.learn(value);
                }
            }
            _ => {}
        }
    }

    fn number(&mut self, word: &str) -> usize {
        let position = self.0.iter().position(|known| known == word);
        position.unwrap_or_else(|| {
            self.0.push(word.to_owned());
            self.0.len() - 1
        })
    }

    /// The text with numbers in place of random values, and units in place of times.
    fn replace(&mut self, text: &str) -> String {
        let mut replaced = String::new();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let (before, word_on) = rest.split_at(start);
            let end = word_on.find(|c| !is_word(c)).unwrap_or(word_on.len());
            let (word, after) = word_on.split_at(end);
            replaced.push_str(before);
            replaced.push_str(&self.name(word));
            rest = after;
        }
        replaced.push_str(rest);
        replaced
    }

    fn name(&mut self, word: &str) -> String {
        let kind = match word.len() {
            10 if is_time(word) => return "<seconds>".to_owned(),
            13 if is_time(word) => return "<milliseconds>".to_owned(),
            21 if is_random(word) => "id",
            length if SHORT_IDS.contains(&length) && self.0.iter().any(|known| known == word) => "id",
            43 => "secret",
            64 if word.bytes().all(|byte| byte.is_ascii_hexdigit()) => "digest",
            86 | 128 => return "<signature>".to_owned(),
            _ if word.starts_with("eyJ") => return "<encoded>".to_owned(),
            _ => return word.to_owned(),
        };
        format!("<{kind} {}>", self.number(word) + 1)
    }
}

/// Members that hold ids.
const IDS: [&str; 6] = ["id", "sub", "userId", "accountId", "account_id", "requestId"];

/// Lengths of a user's id, and of those of a request and an interaction.
const SHORT_IDS: [usize; 2] = [12, 16];

/// Whether a word may be an id that was thrown.
fn is_random(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Whether a number is a time of the test's clock, which begins with 2026.
fn is_time(word: &str) -> bool {
    word.starts_with("1767") && word.bytes().all(|byte| byte.is_ascii_digit())
}
