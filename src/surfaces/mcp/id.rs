//! The identifier of a JSON-RPC request, kept exactly as the client wrote it.
//!
//! This module must never guess: what is neither a string nor a whole number is no identifier.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A request id: a string or an integer. `1` and `"1"` are different.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Id {
    /// An integer below zero, or one that fits `i64`.
    Signed(i64),
    /// A string.
    Text(Arc<str>),
    /// An integer above `i64::MAX`.
    Unsigned(u64),
}

impl Id {
    /// The id in `value`, unless it is null, fractional, too large to keep exactly, or no scalar.
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.as_str().into())),
            Value::Number(number) => {
                number.as_i64().map(Self::Signed).or_else(|| number.as_u64().map(Self::Unsigned))
            }
            _ => None,
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Signed(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Unsigned(number) => serializer.serialize_u64(*number),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_and_integers_come_back_as_they_were() {
        for value in [json!(0), json!(-7), json!(u64::MAX), json!(i64::MIN), json!("1"), json!("")]
        {
            let id = Id::from_json(&value).unwrap();
            assert_eq!(serde_json::to_value(&id).unwrap(), value);
        }
        assert_ne!(Id::from_json(&json!(1)), Id::from_json(&json!("1")));
    }

    #[test]
    fn nothing_else_is_an_id() {
        for value in [json!(null), json!(1.5), json!(1e30), json!(true), json!([1]), json!({})] {
            assert_eq!(Id::from_json(&value), None, "{value}");
        }
    }
}
