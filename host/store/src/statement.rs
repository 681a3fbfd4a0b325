//! Statements and rows as the modules of this crate write and read them, whichever database runs them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::StoreError;

/// A parameter or a field. Booleans are integers, times are milliseconds, JSON is text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Nothing; a parameter says of which type.
    Null(Type),
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Integer,
    Text,
    Bytes,
}

/// What a parameter may be made of and a field be read as.
pub(crate) trait ColumnValue: Sized {
    const TYPE: Type;
    fn into_value(self) -> Value;
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! field {
    ($rust:ty, $case:ident) => {
        impl ColumnValue for $rust {
            const TYPE: Type = Type::$case;

            fn into_value(self) -> Value {
                Value::$case(self)
            }

            fn from_value(value: &Value) -> Option<Self> {
                if let Value::$case(value) = value { Some(value.clone()) } else { None }
            }
        }
    };
}

field!(i64, Integer);
field!(String, Text);
field!(Vec<u8>, Bytes);

impl<T: ColumnValue> ColumnValue for Option<T> {
    const TYPE: Type = T::TYPE;

    fn into_value(self) -> Value {
        self.map_or(Value::Null(T::TYPE), T::into_value)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Null(_) = value { Some(None) } else { T::from_value(value).map(Some) }
    }
}

/// A statement with its parameters, `$1` and so on.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) text: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
    /// Whether its plan is kept for the next time.
    pub(crate) is_kept: bool,
}

/// A statement that stands in this program.
pub(crate) fn query(text: &'static str) -> Query {
    Query { text: Cow::Borrowed(text), values: Vec::new(), is_kept: true }
}

/// A statement that was put together from pieces that stand in this program: never from what somebody sent.
pub(crate) fn assembled(text: String) -> Query {
    Query { text: Cow::Owned(text), values: Vec::new(), is_kept: true }
}

impl Query {
    /// The next parameter.
    pub fn bind(mut self, value: impl ColumnValue) -> Self {
        self.values.push(value.into_value());
        self
    }

    /// A further clause, in which `?` stands for its parameter, as often as it is there.
    pub fn with(mut self, clause: &'static str, value: impl ColumnValue) -> Self {
        self.values.push(value.into_value());
        let number = format!("${}", self.values.len());
        self.text.to_mut().push_str(&clause.replace('?', &number));
        self
    }

    /// More of its text.
    pub fn then(mut self, text: &'static str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Whether it changes nothing.
    pub fn reads(&self) -> bool {
        self.text.starts_with("SELECT")
    }

    /// Has it planned for its parameters, each time.
    pub fn planned_anew(self) -> Self {
        Self { is_kept: false, ..self }
    }
}

/// A row of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) names: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// The field of a column.
    pub fn get<T: ColumnValue>(&self, column: &'static str) -> Result<T, StoreError> {
        let place = self.names.iter().position(|name| name == column);
        let value = place.and_then(|place| self.values.get(place));
        value.and_then(T::from_value).ok_or(StoreError::Inconsistent(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_as_what_it_is_and_nothing_else() {
        let names = ["id", "name", "size"].map(str::to_owned);
        let values = vec![Value::Integer(1), Value::Null(Type::Text), Value::Bytes(vec![1])];
        let row = Row { names: names.into(), values };
        assert_eq!(row.get::<i64>("id").unwrap(), 1);
        assert_eq!(row.get::<Option<String>>("name").unwrap(), None);
        assert_eq!(row.get::<Option<Vec<u8>>>("size").unwrap(), Some(vec![1]));
        assert!(row.get::<String>("id").is_err());
        assert!(row.get::<String>("name").is_err());
        assert!(row.get::<i64>("other").is_err());
    }
}
