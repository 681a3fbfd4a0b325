//! A form from a connector's JSON Schema, and the configuration from what the form sends.
//!
//! Fields are named by their JSON pointer. Entries of lists and maps have a marker each, in the order in which they stand; a choice
//! between alternatives sends the number of the alternative.

use askama::Template;
use serde_json::{Map, Number, Value, json};

use super::texts::Texts;
use crate::request::Parameters;

/// Deepest nesting that is drawn; uploads with a deeper schema are refused.
const DEPTH: usize = 16;

/// What kind of field.
enum Kind {
    Text,
    Lines,
    Secret,
    Number,
    Switch,
    Select(Vec<String>),
    /// The one value that it must have.
    Constant(String),
    /// Fields of an object.
    Group(Vec<Field>),
    /// Entries of a list.
    List(Vec<Field>),
    /// Entries of a map: a name each, and a field.
    Table(Vec<(String, Field)>),
    /// Alternatives by title; the chosen one's number and field.
    Choice(Vec<String>, usize, Box<Field>),
    Json,
}

/// One field of a form.
pub struct Field {
    pointer: String,
    label: String,
    help: String,
    placeholder: String,
    required: bool,
    value: String,
    problem: String,
    kind: Kind,
}

#[derive(Template)]
#[template(path = "console/field.html")]
struct FieldTemplate<'f> {
    f: &'f Field,
    t: &'static Texts,
}

impl Field {
    /// Its HTML.
    pub fn html(&self, t: &'static Texts) -> String {
        FieldTemplate { f: self, t }.render().unwrap_or_default()
    }

    /// What tells an entry from its neighbours: the first text in it.
    fn caption(&self) -> &str {
        match &self.kind {
            Kind::Group(fields) => fields.first().map(|field| field.value.as_str()).unwrap_or_default(),
            _ => "",
        }
    }

    fn id(&self) -> String {
        format!("f{}", self.pointer.replace('/', "-"))
    }
}

/// What a form is made of.
pub struct Form<'a> {
    /// The connector's schema.
    pub schema: &'a Value,
    /// Values that stand in empty fields.
    pub sample: &'a Value,
    /// Problems as the validator names them: `templates[0].templateCode` and a sentence.
    pub problems: &'a [(String, String)],
}

impl Form<'_> {
    /// The fields for a configuration.
    pub fn fields(&self, config: &Value) -> Vec<Field> {
        match self.field(self.schema, Some(config), String::new(), "", true, 0).kind {
            Kind::Group(fields) => fields,
            _ => Vec::new(),
        }
    }

    fn field(
        &self,
        node: &Value,
        value: Option<&Value>,
        pointer: String,
        name: &str,
        required: bool,
        depth: usize,
    ) -> Field {
        let shape = shape(self.schema, node, 0);
        let text = |keyword: &str| shape.get(keyword).and_then(Value::as_str).unwrap_or_default().to_owned();
        let value = value.filter(|value| !value.is_null());
        let kind = if depth > DEPTH { Kind::Json } else { self.kind(&shape, value, &pointer, required, depth) };
        let shown = match (&kind, value) {
            (Kind::Json, Some(value)) => value.as_str().map_or_else(|| format!("{value:#}"), ToOwned::to_owned),
            (_, Some(Value::String(text))) => text.clone(),
            (_, Some(value)) => value.to_string(),
            (_, None) => String::new(),
        };
        let sample = self.sample.pointer(&pointer).and_then(Value::as_str).unwrap_or_default();
        let own = text("x-placeholder");
        let default = shape.get("default").filter(|default| !default.is_null() && !default.is_object());
        let placeholder = match (own.is_empty(), default) {
            (false, _) => own,
            (true, Some(default)) => default.as_str().map_or_else(|| default.to_string(), ToOwned::to_owned),
            (true, None) if matches!(kind, Kind::Secret) => String::new(),
            (true, None) => sample.to_owned(),
        };
        let path = path_of(&pointer);
        let problem = self.problems.iter().find(|(at, _)| *at == path).map(|(_, problem)| problem.clone());
        let title = text("title");
        let label = if title.is_empty() { name.to_owned() } else { title };
        Field {
            label,
            help: text("description"),
            placeholder,
            required,
            value: shown,
            problem: problem.unwrap_or_default(),
            kind,
            pointer,
        }
    }

    fn kind(&self, shape: &Value, value: Option<&Value>, pointer: &str, required: bool, depth: usize) -> Kind {
        let is = |keyword: &str| shape.get(keyword) == Some(&Value::Bool(true));
        if let Some(options) = shape.get("enum").and_then(Value::as_array) {
            let options: Vec<String> = options.iter().filter(|option| !option.is_null()).map(plain).collect();
            return if required && options.len() == 1 {
                Kind::Constant(options.concat())
            } else {
                Kind::Select(options)
            };
        }
        if let Some(alternatives) = alternatives(shape) {
            let chosen = value
                .or_else(|| self.sample.pointer(pointer))
                .map_or(0, |value| best(self.schema, alternatives, value));
            let titles = alternatives.iter().enumerate().map(|(index, one)| title(self.schema, one, index)).collect();
            let inner = alternatives.get(chosen).unwrap_or(&Value::Null);
            let field = self.field(inner, value, pointer.to_owned(), "", true, depth + 1);
            return Kind::Choice(titles, chosen, Box::new(field));
        }
        match type_of(shape) {
            "string" if is("writeOnly") => Kind::Secret,
            "string" if is("x-multiline") => Kind::Lines,
            "string" => Kind::Text,
            "integer" | "number" => Kind::Number,
            "boolean" => Kind::Switch,
            "object" if shape.get("properties").is_some() => {
                let required = self::required(shape);
                let fields = properties(shape).map(|(name, node)| {
                    let inner = value.and_then(|value| value.get(name));
                    let needed = required.contains(&name.as_str());
                    self.field(node, inner, format!("{pointer}/{}", escaped(name)), name, needed, depth + 1)
                });
                Kind::Group(fields.collect())
            }
            "object" if shape.get("additionalProperties").is_some_and(Value::is_object) => {
                let node = shape.get("additionalProperties").unwrap_or(&Value::Null);
                let entries = value.and_then(Value::as_object).into_iter().flatten().enumerate();
                let row = |(index, (name, value)): (usize, (&String, &Value))| {
                    let at = format!("{pointer}/{index}");
                    (name.clone(), self.field(node, Some(value), at, name, true, depth + 1))
                };
                Kind::Table(entries.map(row).collect())
            }
            "array" => {
                let node = shape.get("items").unwrap_or(&Value::Null);
                let entries = value.and_then(Value::as_array).into_iter().flatten().enumerate();
                let entry = |(index, value): (usize, &Value)| {
                    self.field(node, Some(value), format!("{pointer}/{index}"), "", true, depth + 1)
                };
                Kind::List(entries.map(entry).collect())
            }
            _ => Kind::Json,
        }
    }
}

/// The configuration that a form's fields make. What cannot be read stays as it was typed, for the validator to name.
pub fn parse(schema: &Value, sent: &Parameters) -> Value {
    read(schema, schema, "", true, sent, 0).unwrap_or_else(|| json!({}))
}

fn read(root: &Value, node: &Value, pointer: &str, required: bool, sent: &Parameters, depth: usize) -> Option<Value> {
    let shape = shape(root, node, 0);
    let typed = || sent.get(pointer).map(|text| text.replace("\r\n", "\n")).filter(|text| !text.is_empty());
    if let Some(options) = shape.get("enum").and_then(Value::as_array) {
        let text = typed()?;
        return Some(options.iter().find(|option| plain(option) == text).cloned().unwrap_or(Value::String(text)));
    }
    if let Some(alternatives) = alternatives(&shape) {
        let chosen: usize = sent.get(&format!("choice:{pointer}"))?.parse().ok()?;
        return read(root, alternatives.get(chosen)?, pointer, required, sent, depth + 1);
    }
    let entries = || {
        let prefix = format!("item:{pointer}/");
        let own = sent.pairs().filter_map(move |(name, _)| name.strip_prefix(&prefix).map(ToOwned::to_owned));
        own.filter(|index| index.bytes().all(|byte| byte.is_ascii_digit())).map(|index| format!("{pointer}/{index}"))
    };
    match type_of(&shape) {
        _ if depth > DEPTH => None,
        "string" => typed().map(Value::String),
        "integer" | "number" => typed().map(|text| number(&text).unwrap_or(Value::String(text))),
        "boolean" => Some(Value::Bool(sent.get(pointer).is_some())),
        "object" if shape.get("properties").is_some() => {
            let needed = self::required(&shape);
            let mut fields = Map::new();
            for (name, node) in properties(&shape) {
                let at = format!("{pointer}/{}", escaped(name));
                if let Some(value) = read(root, node, &at, needed.contains(&name.as_str()), sent, depth + 1) {
                    fields.insert(name.clone(), value);
                }
            }
            // A switch is always sent; an optional group in which nothing else was entered is not meant.
            let meant = required || fields.values().any(|value| !matches!(value, Value::Bool(false)));
            meant.then_some(Value::Object(fields))
        }
        "object" if shape.get("additionalProperties").is_some_and(Value::is_object) => {
            let node = shape.get("additionalProperties").unwrap_or(&Value::Null);
            let row = |at: String| {
                let name = sent.get(&format!("name:{at}")).unwrap_or_default();
                Some((name, read(root, node, &at, true, sent, depth + 1).unwrap_or_default()))
            };
            let rows: Map<String, Value> = entries().filter_map(row).collect();
            (required || !rows.is_empty()).then_some(Value::Object(rows))
        }
        "array" => {
            let node = shape.get("items").unwrap_or(&Value::Null);
            let items: Vec<Value> =
                entries().map(|at| read(root, node, &at, true, sent, depth + 1).unwrap_or_else(|| json!(""))).collect();
            (required || !items.is_empty()).then_some(Value::Array(items))
        }
        _ => typed().map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))),
    }
}

/// Applies a button of the form to a configuration: `add:/templates`, `remove:/templates/1`, `up:/templates/1`, `down:/templates/1`.
pub fn apply(schema: &Value, config: &mut Value, operation: &str) {
    let Some((word, pointer)) = operation.split_once(':') else { return };
    if word == "add" {
        let node = node_at(schema, pointer);
        add(schema, config, pointer, &node);
        return;
    }
    let Some((parent, index)) = pointer.rsplit_once('/') else { return };
    let Ok(index) = index.parse::<usize>() else { return };
    match config.pointer_mut(parent) {
        Some(Value::Array(items)) if index < items.len() => match word {
            "remove" => drop(items.remove(index)),
            "up" if index > 0 => items.swap(index, index - 1),
            "down" if index + 1 < items.len() => items.swap(index, index + 1),
            _ => {}
        },
        Some(Value::Object(fields)) if word == "remove" => {
            if let Some(name) = fields.keys().nth(index).cloned() {
                fields.shift_remove(&name);
            }
        }
        _ => {}
    }
}

fn add(schema: &Value, config: &mut Value, pointer: &str, node: &Value) {
    let is_list = type_of(node) == "array";
    if config.pointer(pointer).is_none()
        && let Some((parent, name)) = pointer.rsplit_once('/')
        && let Some(Value::Object(fields)) = config.pointer_mut(parent)
    {
        fields.insert(name.to_owned(), if is_list { json!([]) } else { json!({}) });
    }
    match config.pointer_mut(pointer) {
        Some(Value::Array(items)) => {
            let entry = shape(schema, node.get("items").unwrap_or(&Value::Null), 0);
            items.push(if type_of(&entry) == "object" { json!({}) } else { json!("") });
        }
        Some(Value::Object(fields)) => {
            fields.entry(String::new()).or_insert(json!(""));
        }
        _ => {}
    }
}

/// What a new configuration starts with: for each list, the entries that the schema says it must hold.
pub fn initial(schema: &Value) -> Value {
    let mut config = Map::new();
    for (name, node) in properties(schema) {
        let shape = shape(schema, node, 0);
        let wanted = |rule: &Value| {
            let fields = rule.pointer("/contains/properties")?.as_object()?;
            let constants = fields.iter().filter_map(|(name, field)| Some((name.clone(), field.get("const")?.clone())));
            Some(Value::Object(constants.collect()))
        };
        let rules = shape.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let entries: Vec<Value> = rules.filter_map(wanted).collect();
        if !entries.is_empty() {
            config.insert(name.clone(), Value::Array(entries));
        } else if let Some(default) = shape.get("default").filter(|default| !default.is_null()) {
            config.insert(name.clone(), default.clone());
        }
    }
    Value::Object(config)
}

fn node_at(schema: &Value, pointer: &str) -> Value {
    let mut node = shape(schema, schema, 0);
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let next = match type_of(&node) {
            "array" => node.get("items").cloned(),
            _ => node.get("properties").and_then(|all| all.get(&part)).or(node.get("additionalProperties")).cloned(),
        };
        node = shape(schema, &next.unwrap_or_default(), 0);
    }
    node
}

/// A node with its references followed, its alternative to null taken, and constants that stand side by side as a selection.
fn shape(root: &Value, node: &Value, depth: usize) -> Value {
    let mut merged = node.clone();
    let inner = if let Some(target) = node.get("$ref").and_then(Value::as_str).filter(|_| depth < DEPTH) {
        root.pointer(target.trim_start_matches('#')).map(|target| shape(root, target, depth + 1))
    } else {
        let all = ["anyOf", "oneOf"].iter().find_map(|name| node.get(*name)?.as_array());
        let meant: Vec<&Value> =
            all.into_iter().flatten().filter(|one| one.get("type") != Some(&json!("null"))).collect();
        let constants: Vec<Value> = meant.iter().filter_map(|one| one.get("const").cloned()).collect();
        match meant.as_slice() {
            [] => None,
            _ if constants.len() == meant.len() => Some(json!({ "enum": constants })),
            [one] if depth < DEPTH => Some(shape(root, one, depth + 1)),
            _ => None,
        }
    };
    if let (Some(Value::Object(inner)), Some(merged)) = (inner, merged.as_object_mut()) {
        if inner.contains_key("enum") || !inner.contains_key("anyOf") {
            merged.remove("anyOf");
            merged.remove("oneOf");
        }
        merged.remove("$ref");
        for (name, value) in inner {
            merged.entry(name).or_insert(value);
        }
    }
    merged
}

/// Alternatives that are not null.
fn alternatives(shape: &Value) -> Option<&[Value]> {
    let all = ["anyOf", "oneOf"].iter().find_map(|name| shape.get(*name)?.as_array())?;
    let meant = all.strip_suffix(&[json!({ "type": "null" })]).unwrap_or(all);
    (meant.len() > 1).then_some(meant)
}

/// The alternative that fits a value best: by type, then by the constants and fields that they share.
fn best(root: &Value, alternatives: &[Value], value: &Value) -> usize {
    let score = |node: &Value| -> usize {
        let shape = shape(root, node, 0);
        let fits = match type_of(&shape) {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" | "number" => value.is_number(),
            _ => false,
        };
        let shared = properties(&shape).filter(|(name, node)| {
            let inner = self::shape(root, node, 0);
            let options = inner.get("enum").and_then(Value::as_array);
            value.get(name.as_str()).is_some_and(|value| options.is_none_or(|options| options.contains(value)))
        });
        usize::from(fits) * 100 + shared.count()
    };
    let scores = alternatives.iter().map(score).enumerate();
    scores.max_by_key(|(index, score)| (*score, std::cmp::Reverse(*index))).map_or(0, |(index, _)| index)
}

/// What an alternative is called: its title, the constant that tells it apart, its description, or its number.
fn title(root: &Value, node: &Value, index: usize) -> String {
    let shape = shape(root, node, 0);
    let text = |name: &str| shape.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let constant = properties(&shape).find_map(|(_, field)| {
        let inner = self::shape(root, field, 0);
        let options = inner.get("enum").and_then(Value::as_array)?;
        (options.len() == 1).then(|| options.first().map(plain)).flatten()
    });
    let described = text("description").map(|words| words.trim_end_matches('.').to_owned());
    match (text("title"), constant, described) {
        (Some(title), _, _) => title,
        (None, Some(constant), Some(described)) => format!("{constant}: {described}"),
        (None, constant, described) => constant.or(described).unwrap_or_else(|| (index + 1).to_string()),
    }
}

fn type_of(shape: &Value) -> &str {
    match shape.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or(""),
        _ => "",
    }
}

fn properties(shape: &Value) -> impl Iterator<Item = (&String, &Value)> {
    shape.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn required(shape: &Value) -> Vec<&str> {
    shape.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64)).map(Value::Number)
}

/// RFC 6901 section 3.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A pointer as the validator writes it: `templates[0].templateCode`.
fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.extend(["[", part, "]"]);
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(part);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object", "required": ["key", "templates"],
            "properties": {
                "key": { "type": "string", "title": "Key", "writeOnly": true },
                "port": { "type": ["integer", "null"] },
                "strict": { "type": "boolean" },
                "auth": { "anyOf": [
                    { "type": "object", "properties": { "type": { "const": "login", "oneOf": [{ "const": "login" }] }, "pass": { "type": "string" } } },
                    { "type": "object", "properties": { "type": { "oneOf": [{ "const": "oauth2" }] }, "token": { "type": "string" } } },
                ] },
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "templates": {
                    "type": "array", "items": { "$ref": "#/$defs/T" },
                    "allOf": [{ "contains": { "properties": { "usageType": { "const": "SignIn" } } } }],
                },
            },
            "$defs": { "T": { "type": "object", "required": ["code"], "properties": {
                "usageType": { "type": "string" }, "code": { "type": "string" } } } },
        })
    }

    fn sent(text: &str) -> Parameters {
        Parameters::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_a_form_sends_becomes_the_configuration() {
        let form = sent(
            "/key=k&/port=465&choice:/auth=1&/auth/type=oauth2&/auth/token=t&item:/headers/0=&name:/headers/0=X-A&/headers/0=1\
             &item:/templates/1=&/templates/1/code=b&item:/templates/0=&/templates/0/code=a",
        );
        assert_eq!(
            parse(&schema(), &form),
            json!({
                "key": "k", "port": 465, "strict": false, "auth": { "type": "oauth2", "token": "t" },
                "headers": { "X-A": "1" }, "templates": [{ "code": "b" }, { "code": "a" }],
            })
        );
        assert_eq!(parse(&schema(), &sent("/port=many&/strict=on"))["port"], "many", "the validator names it");
    }

    #[test]
    fn a_configuration_comes_back_as_the_form_showed_it() {
        let config = json!({ "auth": { "type": "oauth2", "token": "t" }, "templates": [{ "code": "a" }] });
        let form =
            Form { schema: &schema(), sample: &json!({}), problems: &[("templates[0].code".into(), "is odd".into())] };
        let fields = form.fields(&config);
        let Kind::Choice(titles, chosen, _) = &fields[3].kind else { panic!() };
        assert_eq!((titles[1].as_str(), *chosen), ("oauth2", 1));
        let Kind::List(entries) = &fields[5].kind else { panic!() };
        let Kind::Group(entry) = &entries[0].kind else { panic!() };
        assert_eq!((entry[1].pointer.as_str(), entry[1].problem.as_str()), ("/templates/0/code", "is odd"));
    }

    #[test]
    fn entries_are_added_moved_and_removed() {
        let mut config = initial(&schema());
        assert_eq!(config, json!({ "templates": [{ "usageType": "SignIn" }] }));
        apply(&schema(), &mut config, "add:/templates");
        apply(&schema(), &mut config, "up:/templates/1");
        assert_eq!(config["templates"], json!([{}, { "usageType": "SignIn" }]));
        apply(&schema(), &mut config, "remove:/templates/0");
        apply(&schema(), &mut config, "remove:/templates/9");
        apply(&schema(), &mut config, "add:/headers");
        assert_eq!(config, json!({ "templates": [{ "usageType": "SignIn" }], "headers": { "": "" } }));
    }
}
