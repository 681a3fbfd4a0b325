//! Logto's form description of a configuration, made from its schema, for clients of its API.

use serde::Serialize;
use serde_json::Value;

/// A field of the form.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FormItem {
    key: String,
    #[serde(rename = "type")]
    kind: &'static str,
    required: bool,
    label: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_confidential: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    select_items: Option<Vec<SelectItem>>,
}

/// A choice of a field.
#[derive(Debug, Clone, Serialize)]
struct SelectItem {
    value: Value,
    title: Value,
}

/// One item for each property of the schema, in the schema's order.
pub fn form_items(schema: &Value) -> Vec<FormItem> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let item = |(key, property): (&String, &Value)| {
        let property = resolved(schema, property);
        let said = |keyword: &str| property.get(keyword).filter(|value| !value.is_null()).cloned();
        let option = |value: &Value| SelectItem { value: value.clone(), title: value.clone() };
        let options = property.get("enum").and_then(Value::as_array);
        FormItem {
            key: key.clone(),
            kind: kind(&property),
            required: required.contains(&key.as_str()),
            label: property.get("title").cloned().unwrap_or_else(|| key.as_str().into()),
            description: said("description"),
            placeholder: said("x-placeholder"),
            default_value: said("default"),
            is_confidential: property.get("writeOnly") == Some(&Value::Bool(true)),
            select_items: options.map(|all| all.iter().filter(|value| !value.is_null()).map(option).collect()),
        }
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
        .and_then(|all| all.iter().find(|one| one.get("type").and_then(Value::as_str) != Some("null")));
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
    use serde_json::json;

    use super::*;

    #[test]
    fn each_property_becomes_a_field() {
        let items = json!(form_items(&json!({
            "type": "object", "required": ["key"],
            "$defs": { "T": { "type": "object" } },
            "properties": {
                "key": { "type": "string", "title": "Key", "writeOnly": true },
                "region": { "type": "string", "enum": ["a", "b"], "default": "a" },
                "strict": { "type": "boolean", "description": "Help" },
                "port": { "type": ["integer", "null"] },
                "templates": { "type": "array", "items": { "$ref": "#/$defs/T" } },
            },
        })));
        let kinds: Vec<&str> = items.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["Text", "Select", "Switch", "Number", "Json"]);
        assert_eq!(
            items[0],
            json!({ "key": "key", "type": "Text", "required": true, "label": "Key", "isConfidential": true })
        );
        assert_eq!(items[1]["selectItems"][1], json!({ "value": "b", "title": "b" }));
    }
}
