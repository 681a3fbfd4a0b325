//! Which places of a configuration are secret.
//!
//! The schema says so, and a schema comes from a stranger: a new version that marks a field no longer must not show what was entered
//! as a secret. So the marks are kept beside the values that were entered under them, and what was secret stays secret until
//! somebody enters another value.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::{self, PathStep, parts, target};

/// Stands in for a stored secret wherever a configuration is shown; sent back, it means "unchanged".
pub const SECRET_MASK: &str = "••••••••";

/// Most fields of one schema that may hold a secret.
pub const MAX_SECRETS: usize = 256;

/// Any entry of a list, or any property that has no name in the schema.
const ANY: &str = "*";

/// Places as JSON pointers in which `*` stands for any entry; a property of that name is written `~2`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// Marked `writeOnly`.
    pub secrets: BTreeSet<String>,
    /// Marked `x-host-key` as well: keys that stay in the server.
    pub keys: BTreeSet<String>,
}

impl Marks {
    /// What a schema marks, through references, alternatives, lists and maps. A schema over the budget marks everything.
    pub fn of(schema: &Value) -> Self {
        let mut found = Self::default();
        let mut left = schema::BUDGET;
        if found.collect(schema, schema, "", 0, &mut left).is_none() {
            found.secrets.insert(String::new());
        }
        found
    }

    fn collect(&mut self, root: &Value, schema: &Value, at: &str, depth: usize, left: &mut usize) -> Option<()> {
        *left = left.checked_sub(1)?;
        if depth > schema::DEPTH {
            return None;
        }
        let is = |word: &str| schema.get(word) == Some(&Value::Bool(true));
        if is("writeOnly") {
            self.secrets.insert(at.to_owned());
        }
        if is("x-host-key") {
            self.secrets.insert(at.to_owned());
            self.keys.insert(at.to_owned());
        }
        if let Some(Ok(target)) = target(root, schema) {
            self.collect(root, target, at, depth + 1, left)?;
        }
        for (step, part) in parts(schema) {
            let place = match step {
                PathStep::Here => at.to_owned(),
                PathStep::Property(name) => format!("{at}/{}", escaped(name)),
                PathStep::Items | PathStep::Others => format!("{at}/{ANY}"),
                PathStep::Names => continue,
            };
            self.collect(root, part, &place, depth + 1, left)?;
        }
        Some(())
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.union(other).cloned().collect();
        Self { secrets: both(&self.secrets, &other.secrets), keys: both(&self.keys, &other.keys) }
    }

    /// Those of these marks under which `config` still holds a secret of `stored`.
    #[must_use]
    pub fn still(&self, config: &Value, stored: &Value) -> Self {
        let values = |of: &Value, mark: &String| -> Vec<Value> {
            places(mark, of).iter().filter_map(|place| of.pointer(place)).cloned().collect()
        };
        let holds = |mark: &&String| {
            let old = values(stored, mark);
            values(config, mark).iter().any(|value| old.contains(value))
        };
        let kept = |marks: &BTreeSet<String>| marks.iter().filter(holds).cloned().collect();
        Self { secrets: kept(&self.secrets), keys: kept(&self.keys) }
    }

    /// Where the secrets of a configuration stand: mark and JSON pointer of each.
    pub fn places(&self, config: &Value) -> Vec<(String, String)> {
        let of = |mark: &String| -> Vec<(String, String)> {
            places(mark, config).into_iter().map(|place| (mark.clone(), place)).collect()
        };
        self.secrets.iter().flat_map(of).collect()
    }

    /// Replaces every secret by [`SECRET_MASK`].
    pub fn mask(&self, config: &mut Value) {
        for mark in &self.secrets {
            for place in places(mark, config) {
                if let Some(value) = config.pointer_mut(&place) {
                    *value = Value::String(SECRET_MASK.to_owned());
                }
            }
        }
    }

    /// Puts the stored secrets back where `config` holds [`SECRET_MASK`]; returns how many.
    pub fn restore(&self, config: &mut Value, stored: &Value) -> usize {
        let mut restored = 0;
        for mark in &self.secrets {
            for place in places(mark, config) {
                if let (Some(value), Some(previous)) = (config.pointer_mut(&place), stored.pointer(&place))
                    && value.as_str() == Some(SECRET_MASK)
                {
                    *value = previous.clone();
                    restored += 1;
                }
            }
        }
        restored
    }

    /// Every text within a secret, for masking in logs.
    pub fn secret_values(&self, config: &Value) -> Vec<String> {
        let mut found = Vec::new();
        for mark in &self.secrets {
            for place in places(mark, config) {
                if let Some(value) = config.pointer(&place) {
                    texts(value, &mut found);
                }
            }
        }
        found
    }

    /// JSON pointers and values of the keys that stay in the server.
    pub fn host_keys(&self, config: &Value) -> Vec<(String, String)> {
        let all = self.keys.iter().flat_map(|mark| places(mark, config));
        all.filter_map(|place| Some((place.clone(), config.pointer(&place)?.as_str()?.to_owned()))).collect()
    }
}

/// A mark as people write it: `auth.pass`, `templates[].key`.
pub fn readable(mark: &str) -> String {
    let mut path = String::new();
    for part in mark.split('/').skip(1) {
        if part == ANY {
            path.push_str("[]");
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part.replace("~2", "*").replace("~1", "/").replace("~0", "~"));
        }
    }
    path
}

/// The values of every secret, for masking in logs.
pub fn secret_values(schema: &Value, config: &Value) -> Vec<String> {
    Marks::of(schema).secret_values(config)
}

/// RFC 6901 section 3, and the name that means any.
fn escaped(name: &str) -> String {
    if name == ANY { "~2".to_owned() } else { name.replace('~', "~0").replace('/', "~1") }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|inner| texts(inner, found)),
        _ => {}
    }
}

/// The places of `config` that a mark means, as JSON pointers.
fn places(mark: &str, config: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    for part in mark.split('/').skip(1) {
        let mut next = Vec::new();
        for at in found {
            match config.pointer(&at) {
                Some(Value::Array(items)) if part == ANY => {
                    next.extend((0..items.len()).map(|index| format!("{at}/{index}")));
                }
                Some(Value::Object(fields)) if part == ANY => {
                    next.extend(
                        fields.keys().map(|name| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))),
                    );
                }
                Some(Value::Object(_)) => {
                    let at = format!("{at}/{}", if part == "~2" { ANY } else { part });
                    next.extend(config.pointer(&at).is_some().then_some(at));
                }
                _ => {}
            }
        }
        found = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_and_restored() {
        let schema = json!({ "properties": { "id": {}, "secret": { "writeOnly": true }, "deep": { "properties": { "a/b~": { "writeOnly": true } } } } });
        let (marks, stored) = (Marks::of(&schema), json!({ "id": "a", "secret": "s1", "deep": { "a/b~": "s2" } }));
        let mut shown = stored.clone();
        marks.mask(&mut shown);
        assert_eq!(shown, json!({ "id": "a", "secret": SECRET_MASK, "deep": { "a/b~": SECRET_MASK } }));
        assert_eq!(marks.restore(&mut shown, &stored), 2);
        assert_eq!(shown, stored);
        assert_eq!(secret_values(&schema, &stored), ["s2", "s1"]);
    }

    #[test]
    fn secrets_are_found_in_lists_maps_references_and_alternatives() {
        let schema = json!({
            "$defs": {
                "Auth": { "oneOf": [
                    { "properties": { "pass": { "writeOnly": true } } },
                    { "properties": { "key": { "writeOnly": true, "x-host-key": true } } },
                ] },
                "Secret": { "type": "string", "writeOnly": true },
            },
            "properties": {
                "auth": { "$ref": "#/$defs/Auth" },
                "list": { "items": { "properties": { "token": { "writeOnly": true } } } },
                "map": { "additionalProperties": { "writeOnly": true } },
                "typed": { "anyOf": [{ "$ref": "#/$defs/Secret" }, { "type": "null" }] },
                "*": { "writeOnly": true },
            },
            "if": {}, "then": { "properties": { "later": { "writeOnly": true } } },
        });
        let config = json!({ "auth": { "key": "k" }, "list": [{ "token": "t" }], "map": { "a": "m" }, "typed": "y",
            "later": "l", "*": "s", "open": "o" });
        let mut found = secret_values(&schema, &config);
        found.sort();
        assert_eq!(found, ["k", "l", "m", "s", "t", "y"]);
        assert_eq!(Marks::of(&schema).host_keys(&config), [("/auth/key".to_owned(), "k".to_owned())]);
        let names: Vec<String> = Marks::of(&schema).secrets.iter().map(|mark| readable(mark)).collect();
        assert_eq!(names, ["auth.key", "auth.pass", "later", "list[].token", "map[]", "typed", "*"]);
    }

    #[test]
    fn masked_secret_reuse_a_mark_stays_with_the_value_that_was_entered_under_it() {
        let marks = Marks::of(
            &json!({ "properties": { "a": { "writeOnly": true, "x-host-key": true }, "b": { "writeOnly": true } } }),
        );
        let stored = json!({ "a": "one", "b": "two" });
        assert_eq!(marks.still(&stored, &stored), marks);
        let kept = marks.still(&json!({ "a": "one", "b": "new" }), &stored);
        assert_eq!((kept.secrets.len(), kept.keys.len()), (1, 1));
        assert_eq!(marks.still(&json!({ "a": "new" }), &stored), Marks::default());
    }

    #[test]
    fn a_schema_over_the_budget_marks_everything() {
        let endless = json!({ "properties": { "a": { "$ref": "#" } }, "allOf": [{ "$ref": "#" }, { "$ref": "#" }] });
        let mut config = json!({ "a": "secret" });
        Marks::of(&endless).mask(&mut config);
        assert_eq!(config, json!(SECRET_MASK));
    }
}
