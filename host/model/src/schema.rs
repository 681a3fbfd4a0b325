//! What a connector's JSON Schema costs, and where it marks secrets.
//!
//! A schema is a stranger's program: a chain of `{"allOf": [b, b]}` of forty references stands in a few kilobytes and is walked
//! 2^40 times. So its cost is computed before anything else looks at it, each place once, and one that goes over the budget is
//! refused. Whatever walks a schema or validates by it afterwards is bounded by that number.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Visits that a whole schema may take with its references followed.
pub const BUDGET: usize = 10_000;
/// Visits that one configuration may take beside its schema.
pub const WORK: usize = 100_000;
/// Deepest nesting with references followed.
pub const DEPTH: usize = 64;

/// Largest schema, in bytes of JSON.
const MAX_BYTES: usize = 64 * 1024;
/// Longest pattern, in characters.
const MAX_PATTERN: usize = 500;
/// Longest name of a property, in bytes.
const MAX_NAME: usize = 128;
/// Bytes of a keyword's value that cost as much as a visit.
const BYTES_PER_VISIT: usize = 64;

/// Keywords whose cost grows faster than the schema, or that lead references elsewhere.
const REFUSED: [&str; 10] = [
    "unevaluatedProperties",
    "unevaluatedItems",
    "$id",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$vocabulary",
    "dependencies",
];

/// A JavaScript guest's objects do not keep this name as data.
const NO_NAME: &str = "__proto__";

/// Where a part of a schema applies, seen from the place that the schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathStep<'s> {
    /// At the same place.
    Here,
    /// At the property with this name.
    Property(&'s str),
    /// At entries of a list.
    Items,
    /// At properties that are not named one by one.
    Others,
    /// At the names of properties.
    Names,
}

/// The parts of a schema with the place of each; references are not followed.
pub fn parts(schema: &Value) -> Vec<(PathStep<'_>, &Value)> {
    let Some(keywords) = schema.as_object() else { return Vec::new() };
    let mut found = Vec::new();
    for (keyword, value) in keywords {
        let (step, shape) = match keyword.as_str() {
            "allOf" | "anyOf" | "oneOf" => (PathStep::Here, 'l'),
            "not" | "if" | "then" | "else" => (PathStep::Here, 's'),
            "dependentSchemas" => (PathStep::Here, 'm'),
            "items" | "contains" => (PathStep::Items, 's'),
            "prefixItems" => (PathStep::Items, 'l'),
            "additionalProperties" => (PathStep::Others, 's'),
            "patternProperties" => (PathStep::Others, 'm'),
            "propertyNames" => (PathStep::Names, 's'),
            "properties" => {
                let named = value.as_object().into_iter().flatten();
                found.extend(named.map(|(name, part)| (PathStep::Property(name), part)));
                continue;
            }
            _ => continue,
        };
        match (shape, value) {
            ('l', Value::Array(list)) => found.extend(list.iter().map(|part| (step, part))),
            ('m', Value::Object(map)) => found.extend(map.values().map(|part| (step, part))),
            _ => found.push((step, value)),
        }
    }
    found
}

/// What a reference within the schema leads to; none when there is no reference.
pub fn target<'s>(root: &'s Value, schema: &Value) -> Option<Result<&'s Value, String>> {
    let reference = schema.get("$ref")?;
    let found = reference.as_str().and_then(|text| text.strip_prefix('#')).and_then(|pointer| root.pointer(pointer));
    Some(found.ok_or_else(|| format!("$ref: {reference} must point to a place in the schema itself.")))
}

/// Refuses a schema that costs more than the budget, in words that its author can act on. Takes time linear in its size.
pub fn check(schema: &Value) -> Result<(), String> {
    let size = bytes(schema);
    if size > MAX_BYTES {
        return Err(format!("a schema has {MAX_BYTES} bytes at most."));
    }
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err("its type must be \"object\".".into());
    }
    let mut meter = Meter { root: schema, known: HashMap::new() };
    let cost = meter.cost(schema, 0)?;
    // Definitions that nothing refers to are compiled with the rest, so that they obey the same rules.
    for group in ["$defs", "definitions"] {
        for part in schema.get(group).and_then(Value::as_object).into_iter().flat_map(Map::values) {
            meter.cost(part, 1)?;
        }
    }
    if cost.visits > BUDGET {
        let message = "its references and alternatives multiply: with each followed, it has more than";
        return Err(format!("{message} {BUDGET} parts."));
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Cost {
    visits: usize,
    height: usize,
}

struct Meter<'s> {
    root: &'s Value,
    /// Costs by place; none while a place is being computed, so that a reference to it is a circle.
    known: HashMap<*const Value, Option<Cost>>,
}

impl<'s> Meter<'s> {
    fn cost(&mut self, schema: &'s Value, depth: usize) -> Result<Cost, String> {
        let too_deep = || Err(format!("a schema is {DEPTH} levels deep at most, references followed."));
        let place = std::ptr::from_ref(schema);
        match self.known.get(&place) {
            Some(None) => return Err("a $ref leads back to itself: recursive schemas cannot be used.".into()),
            Some(Some(cost)) if depth + cost.height > DEPTH => return too_deep(),
            Some(Some(cost)) => return Ok(*cost),
            None if depth > DEPTH => return too_deep(),
            None => {}
        }
        self.known.insert(place, None);
        self.rules(schema)?;
        let mut cost = Cost { visits: 1 + own_bytes(schema) / BYTES_PER_VISIT, height: 1 };
        let referred = target(self.root, schema).transpose()?;
        for part in referred.into_iter().chain(parts(schema).into_iter().map(|(_, part)| part)) {
            let inner = self.cost(part, depth + 1)?;
            cost.visits = cost.visits.saturating_add(inner.visits);
            cost.height = cost.height.max(inner.height + 1);
        }
        self.known.insert(place, Some(cost));
        Ok(cost)
    }

    fn rules(&self, schema: &Value) -> Result<(), String> {
        let Some(keywords) = schema.as_object() else { return Ok(()) };
        let is_root = std::ptr::eq(schema, self.root);
        if let Some(word) = REFUSED.iter().find(|word| keywords.contains_key(**word) && !(is_root && **word == "$id")) {
            return Err(format!("{word} cannot be used."));
        }
        let patterns = keywords.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let own = keywords.get("pattern").and_then(Value::as_str);
        if patterns.map(String::as_str).chain(own).any(|pattern| pattern.chars().count() > MAX_PATTERN) {
            return Err(format!("a pattern has {MAX_PATTERN} characters at most."));
        }
        for name in keywords.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            if name.is_empty() || name.len() > MAX_NAME || name.chars().any(crate::text::is_deceptive) {
                return Err(format!("a property's name has 1 to {MAX_NAME} bytes and no control characters."));
            }
            if name == NO_NAME {
                return Err(format!("a property cannot be named {name}."));
            }
        }
        let marked = |word: &str| keywords.get(word) == Some(&Value::Bool(true));
        if marked("x-host-key") && !marked("writeOnly") {
            return Err("x-host-key needs writeOnly beside it: a key that stays in the server is a secret.".into());
        }
        Ok(())
    }
}

/// Bytes of the keywords that hold no schema.
fn own_bytes(schema: &Value) -> usize {
    let holds_schemas = |keyword: &str| {
        matches!(
            keyword,
            "allOf"
                | "anyOf"
                | "oneOf"
                | "not"
                | "if"
                | "then"
                | "else"
                | "dependentSchemas"
                | "items"
                | "contains"
                | "prefixItems"
                | "additionalProperties"
                | "patternProperties"
                | "propertyNames"
                | "properties"
                | "$defs"
                | "definitions"
        )
    };
    let keywords = schema.as_object().into_iter().flatten();
    keywords.filter(|(keyword, _)| !holds_schemas(keyword)).map(|(keyword, value)| keyword.len() + bytes(value)).sum()
}

/// About the length of the JSON text.
fn bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 4,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| bytes(item) + 1).sum::<usize>(),
        Value::Object(fields) => 2 + fields.iter().map(|(name, inner)| name.len() + bytes(inner) + 4).sum::<usize>(),
    }
}

/// Whether validating `config` stays within [`WORK`]; a validator visits no more places than are counted here.
pub fn is_affordable(schema: &Value, config: &Value) -> bool {
    SchemaVisit { root: schema, left: WORK }.walk(schema, config, 0).is_some()
}

struct SchemaVisit<'s> {
    root: &'s Value,
    left: usize,
}

impl SchemaVisit<'_> {
    fn spend(&mut self, steps: usize) -> Option<()> {
        self.left = self.left.checked_sub(steps)?;
        Some(())
    }

    fn walk(&mut self, schema: &Value, value: &Value, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        let parts = parts(schema);
        // An error holds copies of these keywords, and a search in a text takes as long as the text.
        let copied = ["enum", "const", "not", "pattern", "required"].iter().filter_map(|word| schema.get(*word));
        let text = value.as_str().map_or(0, str::len);
        self.spend(1 + parts.len() + (copied.map(bytes).sum::<usize>() + text) / BYTES_PER_VISIT)?;
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            let count = value.as_array().map_or(0, Vec::len);
            self.spend(count.saturating_mul(count) / 16)?;
        }
        let root = self.root;
        if let Some(Ok(target)) = target(root, schema) {
            self.walk(target, value, depth + 1)?;
        }
        for (step, part) in parts {
            match (step, value) {
                (PathStep::Here, _) => self.walk(part, value, depth + 1)?,
                (PathStep::Property(name), Value::Object(fields)) => {
                    if let Some(inner) = fields.get(name) {
                        self.walk(part, inner, depth + 1)?;
                    }
                }
                (PathStep::Items, Value::Array(items)) => {
                    for item in items {
                        self.walk(part, item, depth + 1)?;
                    }
                }
                (PathStep::Others, Value::Object(fields)) => {
                    for inner in fields.values() {
                        self.walk(part, inner, depth + 1)?;
                    }
                }
                (PathStep::Names, Value::Object(fields)) => {
                    for name in fields.keys() {
                        self.spend(name.len() / BYTES_PER_VISIT)?;
                        self.walk(part, &Value::Null, depth + 1)?;
                    }
                }
                _ => {}
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `a39: {word: [a38, a38]}`, …: a few kilobytes that are 2^40 parts.
    fn chain(word: &str, length: usize) -> Value {
        let mut defs = Map::from_iter([("a0".to_owned(), json!({ "type": "string", "minLength": 3 }))]);
        for index in 1..=length {
            let inner = json!({ "$ref": format!("#/$defs/a{}", index - 1) });
            defs.insert(format!("a{index}"), json!({ word: [inner.clone(), inner] }));
        }
        let root = json!({ "$ref": format!("#/$defs/a{length}") });
        json!({ "type": "object", "$defs": defs, "properties": { "x": root } })
    }

    #[test]
    fn schema_bombs_are_refused() {
        for word in ["allOf", "anyOf", "oneOf", "prefixItems"] {
            assert!(check(&chain(word, 8)).is_ok(), "{word}");
            for length in [14, 24, 28] {
                assert!(check(&chain(word, length)).unwrap_err().contains("multiply"), "{word} {length}");
            }
            assert!(check(&chain(word, 39)).is_err(), "{word}");
        }
        let mut wide: Value = json!({ "type": "object", "$defs": {} });
        let many = |target: &str| {
            let refs: Map<String, Value> =
                (0..12).map(|index| (format!("p{index}"), json!({ "$ref": target }))).collect();
            json!({ "properties": refs })
        };
        wide["properties"] = many("#")["properties"].clone();
        assert!(check(&wide).unwrap_err().contains("recursive"));
        for level in 0..12 {
            wide["$defs"][format!("d{level}")] = many(&format!("#/$defs/d{}", level + 1));
        }
        wide["$defs"]["d12"] = json!({ "type": "string" });
        wide["properties"] = many("#/$defs/d0")["properties"].clone();
        assert!(check(&wide).unwrap_err().contains("multiply"));
    }

    #[test]
    fn recursion_long_chains_and_keywords_without_a_bound_are_refused() {
        let with = |part: Value| json!({ "type": "object", "properties": { "a": part }, "$defs": { "t": { "items": { "$ref": "#/$defs/t" } } } });
        for (part, word) in [
            (json!({ "$ref": "#/$defs/t" }), "recursive"),
            (json!({ "$ref": "#/properties/a" }), "recursive"),
            (json!({ "$ref": "#/$defs/none" }), "must point"),
            (json!({ "$ref": "https://evil.example/" }), "must point"),
            (json!({ "unevaluatedProperties": false }), "unevaluatedProperties"),
            (json!({ "$id": "https://evil.example/", "$ref": "#/$defs/u" }), "$id"),
            (json!({ "x-host-key": true }), "writeOnly"),
            (json!({ "properties": { "__proto__": {} } }), "__proto__"),
            (json!({ "properties": { "a\u{202e}b": {} } }), "control"),
            (json!({ "patternProperties": { "a".repeat(501): {} } }), "pattern"),
        ] {
            let error = check(&with(part.clone())).unwrap_err();
            assert!(error.contains(word), "{part}: {error}");
        }
        let mut defs = Map::new();
        for index in 0..1500 {
            defs.insert(format!("a{index}"), json!({ "$ref": format!("#/$defs/a{}", index + 1) }));
        }
        defs.insert("a1500".into(), json!({}));
        let long = json!({ "type": "object", "$defs": defs, "properties": { "x": { "$ref": "#/$defs/a0" } } });
        assert!(check(&long).unwrap_err().contains("deep"));
    }

    #[test]
    fn parser_stack_exhaustion_the_check_visits_each_place_once() {
        // Twice the places make twice the work: the number of places that the check remembers is that of the schema.
        let visited = |length: usize| {
            let schema = chain("allOf", length);
            let mut meter = Meter { root: &schema, known: HashMap::new() };
            meter.cost(&schema, 0).unwrap();
            meter.known.len()
        };
        assert_eq!(visited(20) - visited(10), visited(30) - visited(20));
        assert!(visited(30) < 100);
    }

    #[test]
    fn a_configuration_that_multiplies_its_schema_is_not_validated() {
        let schema = json!({ "type": "object", "properties": { "list": { "type": "array", "items": {
            "anyOf": (0..100).map(|index| json!({ "const": format!("value {index}") })).collect::<Vec<_>>() } } } });
        assert!(check(&schema).is_ok());
        assert!(is_affordable(&schema, &json!({ "list": vec!["x"; 100] })));
        assert!(!is_affordable(&schema, &json!({ "list": vec!["x"; 10_000] })));
        let searched =
            json!({ "type": "object", "properties": { "a": { "allOf": vec![json!({ "pattern": "x$" }); 50] } } });
        assert!(is_affordable(&searched, &json!({ "a": "x".repeat(10_000) })));
        assert!(!is_affordable(&searched, &json!({ "a": "x".repeat(1_000_000) })));
    }
}
