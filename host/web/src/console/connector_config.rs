//! The configuration from what a connector's form sends, and what the form's buttons change in it.

use serde_json::{Map, Value, json};

use super::connector_schema::{
    DEPTH, alternatives, escaped, node_at, number, plain, properties, required, shape, type_of,
};
use crate::request::Parameters;

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

#[cfg(test)]
mod tests {
    use super::super::connector_schema::sample as schema;
    use super::*;

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

    /// How deep a value is.
    fn depth(value: &Value) -> usize {
        match value {
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
            _ => 0,
        }
    }

    proptest::proptest! {
        #[test]
        fn parser_exhaustion_of_connector_forms(
            fields in proptest::collection::vec(
                ("(item:|name:|choice:)?(/key|/port|/auth|/headers|/templates|/nonsense|/)?(/[0-9]{1,20}|/-|/~0|/~1|/code|/type){0,3}", "(1|1e999|-|on|\\[|\"|\\PC){0,6}"),
                0..20,
            ),
            operations in proptest::collection::vec("(add|remove|up|down|drop)?:?(/headers|/templates|/key|/nonsense)?(/[0-9]{1,20}|/-)?", 0..6),
        ) {
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            let Ok(form) = Parameters::parse(form.as_bytes()) else { return Ok(()) };
            let mut config = parse(&schema(), &form);
            for operation in &operations {
                apply(&schema(), &mut config, operation);
            }
            proptest::prop_assert!(config.is_object() && depth(&config) <= 2 * DEPTH, "{}", config);
            let values = config.to_string().len();
            proptest::prop_assert!(values <= 2_000 + 20 * fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>());
        }
    }
}
