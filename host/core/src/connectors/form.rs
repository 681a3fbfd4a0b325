//! Logto's form description of a configuration, made from its schema, for clients of its API.

use serde_json::{Map, Value, json};

/// One item for each property of the schema, in the schema's order.
pub fn form_items(schema: &Value) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let item = |(key, property): (&String, &Value)| {
        let property = resolved(schema, property);
        let mut item = Map::new();
        item.insert("key".into(), json!(key));
        item.insert("type".into(), json!(kind(&property)));
        item.insert("required".into(), json!(required.contains(&key.as_str())));
        item.insert("label".into(), property.get("title").cloned().unwrap_or_else(|| json!(key)));
        for (name, keyword) in
            [("description", "description"), ("placeholder", "x-placeholder"), ("defaultValue", "default")]
        {
            if let Some(value) = property.get(keyword).filter(|value| !value.is_null()) {
                item.insert(name.into(), value.clone());
            }
        }
        if property.get("writeOnly") == Some(&Value::Bool(true)) {
            item.insert("isConfidential".into(), json!(true));
        }
        if let Some(options) = property.get("enum").and_then(Value::as_array) {
            let option = |value: &Value| json!({ "value": value, "title": value });
            item.insert("selectItems".into(), options.iter().filter(|value| !value.is_null()).map(option).collect());
        }
        Value::Object(item)
    };
    properties.into_iter().flatten().map(item).collect()
}

/// A property with its reference followed and its alternative to null taken.
fn resolved(root: &Value, property: &Value) -> Value {
    let mut merged = property.clone();
    let target =
        property.get("$ref").and_then(Value::as_str).and_then(|path| root.pointer(path.trim_start_matches('#')));
    let alternative = property
        .get("anyOf")
        .and_then(Value::as_array)
        .and_then(|all| all.iter().find(|one| one.get("type") != Some(&json!("null"))));
    let inner = target.cloned().or_else(|| alternative.map(|one| resolved(root, one)));
    if let (Some(Value::Object(inner)), Some(merged)) = (inner, merged.as_object_mut()) {
        for (name, value) in inner {
            merged.entry(name).or_insert(value);
        }
    }
    merged
}

fn kind(property: &Value) -> &'static str {
    let types: Vec<&str> = match property.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if property.get("enum").is_some() {
        return "Select";
    }
    match types.iter().find(|name| **name != "null") {
        Some(&"boolean") => "Switch",
        Some(&("integer" | "number")) => "Number",
        Some(&"string") if property.get("x-multiline") == Some(&Value::Bool(true)) => "MultilineText",
        Some(&"string") => "Text",
        _ => "Json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_property_becomes_a_field() {
        let items = form_items(&json!({
            "type": "object", "required": ["key"],
            "$defs": { "T": { "type": "object" } },
            "properties": {
                "key": { "type": "string", "title": "Key", "writeOnly": true },
                "region": { "type": "string", "enum": ["a", "b"], "default": "a" },
                "strict": { "type": "boolean", "description": "Help" },
                "port": { "type": ["integer", "null"] },
                "templates": { "type": "array", "items": { "$ref": "#/$defs/T" } },
            },
        }));
        let kinds: Vec<&str> = items.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["Text", "Select", "Switch", "Number", "Json"]);
        assert_eq!(
            items[0],
            json!({ "key": "key", "type": "Text", "required": true, "label": "Key", "isConfidential": true })
        );
        assert_eq!(items[1]["selectItems"][1], json!({ "value": "b", "title": "b" }));
    }
}
