//! What a connector's JSON Schema says of one place: its shape after references and alternatives, and the names of its parts.

use serde_json::{Number, Value, json};

/// Deepest nesting that is drawn; uploads with a deeper schema are refused.
pub const DEPTH: usize = 16;

pub fn node_at(schema: &Value, pointer: &str) -> Value {
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
pub fn shape(root: &Value, node: &Value, depth: usize) -> Value {
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
pub fn alternatives(shape: &Value) -> Option<&[Value]> {
    let all = ["anyOf", "oneOf"].iter().find_map(|name| shape.get(*name)?.as_array())?;
    let meant = all.strip_suffix(&[json!({ "type": "null" })]).unwrap_or(all);
    (meant.len() > 1).then_some(meant)
}

/// The alternative that fits a value best: by type, then by the constants and fields that they share.
pub fn best(root: &Value, alternatives: &[Value], value: &Value) -> usize {
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
pub fn title(root: &Value, node: &Value, index: usize, say: &dyn Fn(&str) -> String) -> String {
    let shape = shape(root, node, 0);
    let text = |name: &str| shape.get(name).and_then(Value::as_str).map(say);
    let constant = properties(&shape).find_map(|(_, field)| {
        let inner = self::shape(root, field, 0);
        let options = inner.get("enum").and_then(Value::as_array)?;
        (options.len() == 1).then(|| options.first().map(plain)).flatten()
    });
    let described = text("description").map(|words| words.trim_end_matches(['.', '。']).to_owned());
    match (text("title"), constant, described) {
        (Some(title), _, _) => title,
        (None, Some(constant), Some(described)) => format!("{constant}: {described}"),
        (None, constant, described) => constant.or(described).unwrap_or_else(|| (index + 1).to_string()),
    }
}

pub fn type_of(shape: &Value) -> &str {
    match shape.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or(""),
        _ => "",
    }
}

pub fn properties(shape: &Value) -> impl Iterator<Item = (&String, &Value)> {
    shape.get("properties").and_then(Value::as_object).into_iter().flatten()
}

pub fn required(shape: &Value) -> Vec<&str> {
    shape.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

pub fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64)).map(Value::Number)
}

/// RFC 6901 section 3.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A pointer as the validator writes it: `templates[0].templateCode`.
pub fn path_of(pointer: &str) -> String {
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

/// A schema with a field of each kind.
#[cfg(test)]
pub fn sample() -> Value {
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
