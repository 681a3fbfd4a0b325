//! A form from a connector's JSON Schema.
//!
//! Fields are named by their JSON pointer. Entries of lists and maps have a marker each, in the order in which they stand; a choice
//! between alternatives sends the number of the alternative.

use std::cell::Cell;
use std::collections::BTreeMap;

use askama::Template;
use serde_json::Value;

use super::connector_schema::{
    DEPTH, alternatives, best, escaped, path_of, plain, properties, required, shape, title, type_of,
};
use super::texts::Texts;

/// What kind of field.
enum FieldKind {
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
    kind: FieldKind,
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
            FieldKind::Group(fields) => fields.first().map(|field| field.value.as_str()).unwrap_or_default(),
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
    /// The schema's sentences in the reader's language, by the sentence that stands in it.
    translations: Option<&'a BTreeMap<String, String>>,
    /// Fields that may still be drawn; the rest is shown as text.
    left: Cell<usize>,
}

/// Most fields of a page.
const MAX_FIELDS: usize = 5_000;

impl<'a> Form<'a> {
    /// A form of a schema.
    pub fn new(schema: &'a Value, sample: &'a Value, problems: &'a [(String, String)]) -> Self {
        Self { schema, sample, problems, translations: None, left: Cell::new(MAX_FIELDS) }
    }

    /// The same in another language, as far as the module speaks it.
    #[must_use]
    pub fn in_language(self, translations: Option<&'a BTreeMap<String, String>>) -> Self {
        Self { translations, ..self }
    }

    fn say(&self, sentence: &str) -> String {
        let translated = self.translations.and_then(|texts| texts.get(sentence));
        translated.map_or_else(|| sentence.to_owned(), Clone::clone)
    }

    /// Whether one more field may be drawn.
    fn spend(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    /// The fields for a configuration.
    pub fn fields(&self, config: &Value) -> Vec<Field> {
        match self.field(self.schema, Some(config), String::new(), "", true, 0).kind {
            FieldKind::Group(fields) => fields,
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
        let text = |keyword: &str| self.say(shape.get(keyword).and_then(Value::as_str).unwrap_or_default());
        let value = value.filter(|value| !value.is_null());
        let kind = if depth > DEPTH || !self.spend() {
            FieldKind::Json
        } else {
            self.kind(&shape, value, &pointer, required, depth)
        };
        let shown = match (&kind, value) {
            (FieldKind::Json, Some(value)) => value.as_str().map_or_else(|| format!("{value:#}"), ToOwned::to_owned),
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
            (true, None) if matches!(kind, FieldKind::Secret) => String::new(),
            (true, None) => sample.to_owned(),
        };
        let path = path_of(&pointer);
        let problem = self.problems.iter().find(|(at, _)| *at == path).map(|(_, problem)| problem.clone());
        let title = text("title");
        let label = if title.is_empty() { self.say(name) } else { title };
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

    fn kind(&self, shape: &Value, value: Option<&Value>, pointer: &str, required: bool, depth: usize) -> FieldKind {
        let is = |keyword: &str| shape.get(keyword) == Some(&Value::Bool(true));
        if let Some(options) = shape.get("enum").and_then(Value::as_array) {
            let options: Vec<String> = options.iter().filter(|option| !option.is_null()).map(plain).collect();
            return if required && options.len() == 1 {
                FieldKind::Constant(options.concat())
            } else {
                FieldKind::Select(options)
            };
        }
        if let Some(alternatives) = alternatives(shape) {
            let chosen = value
                .or_else(|| self.sample.pointer(pointer))
                .map_or(0, |value| best(self.schema, alternatives, value));
            let titles = alternatives
                .iter()
                .enumerate()
                .map(|(index, one)| title(self.schema, one, index, &|text| self.say(text)))
                .collect();
            let inner = alternatives.get(chosen).unwrap_or(&Value::Null);
            let field = self.field(inner, value, pointer.to_owned(), "", true, depth + 1);
            return FieldKind::Choice(titles, chosen, Box::new(field));
        }
        match type_of(shape) {
            "string" if is("writeOnly") => FieldKind::Secret,
            "string" if is("x-multiline") => FieldKind::Lines,
            "string" => FieldKind::Text,
            "integer" | "number" => FieldKind::Number,
            "boolean" => FieldKind::Switch,
            "object" if shape.get("properties").is_some() => {
                let required = self::required(shape);
                let fields = properties(shape).map(|(name, node)| {
                    let inner = value.and_then(|value| value.get(name));
                    let needed = required.contains(&name.as_str());
                    self.field(node, inner, format!("{pointer}/{}", escaped(name)), name, needed, depth + 1)
                });
                FieldKind::Group(fields.collect())
            }
            "object" if shape.get("additionalProperties").is_some_and(Value::is_object) => {
                let node = shape.get("additionalProperties").unwrap_or(&Value::Null);
                let entries = value.and_then(Value::as_object).into_iter().flatten().enumerate();
                let row = |(index, (name, value)): (usize, (&String, &Value))| {
                    let at = format!("{pointer}/{index}");
                    (name.clone(), self.field(node, Some(value), at, name, true, depth + 1))
                };
                FieldKind::Table(entries.map(row).collect())
            }
            "array" => {
                let node = shape.get("items").unwrap_or(&Value::Null);
                let entries = value.and_then(Value::as_array).into_iter().flatten().enumerate();
                let entry = |(index, value): (usize, &Value)| {
                    self.field(node, Some(value), format!("{pointer}/{index}"), "", true, depth + 1)
                };
                FieldKind::List(entries.map(entry).collect())
            }
            _ => FieldKind::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::connector_schema::sample as schema;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_configuration_comes_back_as_the_form_showed_it() {
        let config = json!({ "auth": { "type": "oauth2", "token": "t" }, "templates": [{ "code": "a" }] });
        let (schema, sample, problems) = (schema(), json!({}), [("templates[0].code".into(), "is odd".into())]);
        let form = Form::new(&schema, &sample, &problems);
        let fields = form.fields(&config);
        let FieldKind::Choice(titles, chosen, _) = &fields[3].kind else { panic!() };
        assert_eq!((titles[1].as_str(), *chosen), ("oauth2", 1));
        let FieldKind::List(entries) = &fields[5].kind else { panic!() };
        let FieldKind::Group(entry) = &entries[0].kind else { panic!() };
        assert_eq!((entry[1].pointer.as_str(), entry[1].problem.as_str()), ("/templates/0/code", "is odd"));
    }

    #[test]
    fn a_form_speaks_the_language_that_its_module_speaks() {
        let schema = json!({ "type": "object", "properties": {
            "key": { "type": "string", "title": "Key", "description": "Shown once." },
            "code": { "title": "Code", "anyOf": [
                { "type": "string", "description": "The same everywhere." }, { "type": "object", "properties": {} },
            ] },
        } });
        let texts = [("Key", "密钥"), ("The same everywhere.", "各地相同。")];
        let texts = texts.into_iter().map(|(en, zh)| (en.to_owned(), zh.to_owned())).collect();
        let sample = json!({});
        let fields = Form::new(&schema, &sample, &[]).in_language(Some(&texts)).fields(&json!({}));
        assert_eq!((fields[0].label.as_str(), fields[0].help.as_str()), ("密钥", "Shown once."));
        let FieldKind::Choice(titles, ..) = &fields[1].kind else { panic!() };
        assert_eq!(titles[0], "各地相同");
    }

    #[test]
    fn algorithmic_complexity_a_page_has_so_many_fields_and_no_more() {
        let (schema, sample) = (schema(), json!({}));
        let entries: Vec<Value> = (0..20_000).map(|_| json!({ "code": "a" })).collect();
        let form = Form::new(&schema, &sample, &[]);
        let fields = form.fields(&json!({ "templates": entries }));
        assert_eq!(form.left.get(), 0);
        let FieldKind::List(entries) = &fields[5].kind else { panic!() };
        assert!(entries.iter().any(|entry| matches!(entry.kind, FieldKind::Json)));
    }
}
