//! Test cases: what is called, what the provider answers, and what must come of it. Each is a JSON file in `cases/`, the
//! same for every language.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One test case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The configuration; the manifest's sample when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// What the clock says (RFC 3339).
    #[serde(default = "default_now")]
    pub now: String,
    /// What the random source gives, in hex, over and over.
    #[serde(default = "default_random")]
    pub random: String,
    /// What the sign-in's session holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub session: BTreeMap<String, String>,
    /// What the connector's cache holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cache: BTreeMap<String, String>,
    /// What is called.
    pub call: Call,
    /// The requests that the connector must send, in order, with the provider's answers.
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    /// What must come of it.
    pub expect: Expect,
}

fn default_now() -> String {
    "2026-01-02T03:04:05Z".into()
}

fn default_random() -> String {
    "000102030405060708090a0b0c0d0e0f".into()
}

/// What is called.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Call {
    /// Only the configuration is checked: by the schema, then by the connector.
    Validate {},
    /// A message.
    Send {
        /// Phone number in digits, or e-mail address.
        to: String,
        /// Usage type.
        #[serde(default = "sign_in")]
        usage: String,
        /// The template's variables.
        #[serde(default = "code")]
        payload: Map<String, Value>,
        /// The recipient's language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locale: Option<String>,
        /// The tenant's own e-mail template.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template: Option<Value>,
    },
    /// The start of a sign-in.
    AuthorizationUri {
        /// State.
        #[serde(default = "state")]
        state: String,
        /// Where the provider sends the browser back to.
        #[serde(default = "redirect_uri")]
        redirect_uri: String,
        /// Scopes in place of the configured ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// The browser's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
    },
    /// The end of a sign-in: the callback's parameters; `redirectUri` is added when absent.
    UserInfo(Map<String, Value>),
    /// As `userInfo`, with the provider's tokens.
    TokensAndUserInfo(Map<String, Value>),
    /// New tokens for a refresh token.
    Refresh(String),
}

fn sign_in() -> String {
    "SignIn".into()
}
fn code() -> Map<String, Value> {
    Map::from_iter([("code".to_owned(), Value::String("123456".into()))])
}
fn state() -> String {
    "state-123".into()
}
/// The redirect address of cases that name none.
pub fn redirect_uri() -> String {
    "https://id.example.com/callback/connector".into()
}

/// A request that must be sent and its answer. `"*"` stands for any text in what is expected.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exchange {
    /// An HTTP request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// Or a mail: the fields that must be as given, of `host`, `port`, `security`, `user`, `password`, `mechanism`,
    /// `sender`, `to`, `replyTo`, `subject`, `text`, `html`, `headers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Value>,
    /// The answer to a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// No answer: `timeout` or `unreachable`; for a mail, the relay's refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<String>,
}

/// A request as it must be.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Address without its query.
    pub url: String,
    /// All parameters of the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Pairs>,
    /// Headers that must be there; others may be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// All fields of a form body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Pairs>,
    /// A JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The body byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// Names and values of a query or a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "must be an object of texts, or \"*\" for anything")]
pub enum Pairs {
    /// `"*"`: anything, as long as there is one.
    Text(String),
    /// All of them, each a text or `"*"`.
    Fields(BTreeMap<String, String>),
}

/// A header's value, or the values of one that comes several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "must be a text or a list of texts")]
pub enum Values {
    /// Once.
    One(String),
    /// Several times, in this order.
    Many(Vec<String>),
}

impl Values {
    /// Each value.
    pub fn iter(&self) -> impl Iterator<Item = &String> {
        match self {
            Self::One(value) => std::slice::from_ref(value).iter(),
            Self::Many(values) => values.iter(),
        }
    }
}

/// An answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Response {
    /// HTTP status code.
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Values>,
    /// A JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// Or text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

fn ok() -> u16 {
    200
}

/// What must come of a call: one of the first three, and what it keeps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// The fields that the JSON result must have; `"*"` stands for any value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// The whole address of `authorizationUri`; its parameters may come in any order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// A failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ExpectFailure>,
    /// What the session must hold afterwards.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub session: BTreeMap<String, String>,
    /// What the cache must hold afterwards.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cache: BTreeMap<String, String>,
}

/// A failure as it must be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectFailure {
    /// Code, such as `rate-limit-exceeded`.
    pub code: String,
    /// A part of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Fields of the details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// The cases of a file, which holds one or a list. A wrong one names file and field.
fn read_file(path: &Path) -> anyhow::Result<Vec<Case>> {
    let file = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{file} cannot be read"))?;
    let value: Value = serde_json::from_str(&text).with_context(|| format!("{file} is not JSON"))?;
    let items = if let Value::Array(items) = value { items } else { vec![value] };
    items.into_iter().map(|item| serde_path_to_error::deserialize(item).with_context(|| file.to_string())).collect()
}

/// The cases of a folder, by file name.
pub fn read(folder: &Path) -> anyhow::Result<Vec<(String, Case)>> {
    let mut files: Vec<PathBuf> = match std::fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => Vec::new(),
    };
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        cases.extend(read_file(&path)?.into_iter().map(|case| (file.clone(), case)));
    }
    Ok(cases)
}

/// The case of a file whose name begins as given; the first one without a name.
pub fn choose(path: &Path, name: Option<&str>) -> anyhow::Result<Case> {
    let cases = read_file(path)?;
    let names: Vec<String> = cases.iter().map(|case| format!("{:?}", case.name)).collect();
    let fits = |case: &Case| name.is_none_or(|name| case.name.starts_with(name));
    let exact = cases.iter().position(|case| name == Some(case.name.as_str()));
    let chosen = exact.or_else(|| cases.iter().position(fits));
    chosen.and_then(|index| cases.into_iter().nth(index)).with_context(|| {
        let wanted = name.unwrap_or_default();
        format!("{} has no case whose name begins with {wanted:?}; it has {}", path.display(), names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_several_cases_gives_the_first_or_the_named_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("send.json");
        let case = |name: &str| serde_json::json!({ "name": name, "call": { "validate": {} }, "expect": {} });
        std::fs::write(&path, serde_json::json!([case("sent twice"), case("sent")]).to_string()).unwrap();
        assert_eq!(choose(&path, None).unwrap().name, "sent twice");
        assert_eq!(choose(&path, Some("sent")).unwrap().name, "sent");
        let refusal = choose(&path, Some("refused")).unwrap_err().to_string();
        assert!(refusal.contains("refused") && refusal.contains("sent twice"), "{refusal}");
        std::fs::write(&path, case("alone").to_string()).unwrap();
        assert_eq!(choose(&path, None).unwrap().name, "alone");
    }

    #[test]
    fn a_form_is_its_fields_or_anything() {
        let read = |form: Value| {
            serde_json::from_value::<Request>(serde_json::json!({ "method": "*", "url": "*", "form": form }))
        };
        assert_eq!(read(serde_json::json!("*")).unwrap().form, Some(Pairs::Text("*".into())));
        assert!(matches!(read(serde_json::json!({ "a": "b" })).unwrap().form, Some(Pairs::Fields(_))));
        let refusal = read(serde_json::json!({ "a": 1 })).unwrap_err().to_string();
        assert!(refusal.contains("an object of texts"), "{refusal}");
    }
}
