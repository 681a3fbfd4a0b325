//! What a partial update says of one field.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Absent in JSON is [`Patch::Keep`], null is [`Patch::Clear`]; a field of this type needs `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The field stays as it is.
    #[default]
    Keep,
    /// The field is emptied.
    Clear,
    /// The field gets this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field stays as it is.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Writes into an optional field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }

    /// Changes the value where there is one.
    pub fn try_map<U, E>(self, map: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(map(value)?),
        })
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// A whole value: none empties the field.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Option::deserialize(reader).map(Self::from)
    }
}

/// What a write changes of an object.
#[derive(Debug, Clone, Default)]
pub enum ObjectChange<T> {
    /// Nothing.
    #[default]
    Keep,
    /// The given keys.
    Merge(T),
    /// The whole object.
    Replace(T),
}

/// An object that another's keys can be written into.
pub trait Merge {
    /// Writes the keys that `change` has.
    fn merge(&mut self, change: Self);
}

impl Merge for Map<String, Value> {
    fn merge(&mut self, change: Self) {
        self.extend(change);
    }
}

impl<T: Merge> ObjectChange<T> {
    /// Whether the object stays as it is.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Writes into an object.
    pub fn apply(self, object: &mut T) {
        match self {
            Self::Keep => {}
            Self::Merge(keys) => object.merge(keys),
            Self::Replace(whole) => *object = whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        name: Patch<String>,
    }

    #[test]
    fn absent_null_and_a_value_differ() {
        let read = |text: &str| serde_json::from_str::<Body>(text).unwrap().name;
        assert_eq!(read("{}"), Patch::Keep);
        assert_eq!(read("{\"name\":null}"), Patch::Clear);
        assert_eq!(read("{\"name\":\"a\"}"), Patch::Set("a".into()));
        let mut field = Some("old".to_owned());
        Patch::Keep.apply(&mut field);
        assert_eq!(field.as_deref(), Some("old"));
        Patch::Clear.apply(&mut field);
        assert_eq!(field, None);
    }
}
