//! Reads one JSON text and refuses what two readers could understand differently.
//!
//! serde_json keeps the last of two equal keys and others the first: a host that shows one amount to its user must
//! not make the wallet pay another. This module must never recurse further than its bound.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::limits::MCP_JSON_DEPTH;

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// An object has the same key twice.
    DuplicateKey,
    /// It is not JSON.
    Syntax,
    /// It is nested deeper than [`MCP_JSON_DEPTH`].
    TooDeep,
}

/// The value of `text`.
///
/// # Errors
/// [`Flaw`] says what kept it from being read.
pub fn parse(text: &str) -> Result<Value, Flaw> {
    let flaw = Cell::new(Flaw::Syntax);
    let mut reader = serde_json::Deserializer::from_str(text);
    let strict = Strict { room: MCP_JSON_DEPTH, flaw: &flaw };
    let value = strict.deserialize(&mut reader).map_err(|_| flaw.get())?;
    reader.end().map_err(|_| Flaw::Syntax)?;
    Ok(value)
}

/// Reads a value that may hold `room` more levels.
#[derive(Clone, Copy)]
struct Strict<'a> {
    room: usize,
    flaw: &'a Cell<Flaw>,
}

impl Strict<'_> {
    fn inner(self) -> Result<Self, Flaw> {
        match self.room.checked_sub(1) {
            Some(room) => Ok(Self { room, ..self }),
            None => Err(Flaw::TooDeep),
        }
    }

    fn refuse<E: Error>(self, flaw: Flaw) -> E {
        self.flaw.set(flaw);
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.refuse(Flaw::Syntax))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner().map_err(|flaw| self.refuse(flaw))?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner().map_err(|flaw| self.refuse(flaw))?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(key, value).is_some() {
                return Err(self.refuse(Flaw::DuplicateKey));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nesting_is_read_up_to_the_bound() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for (depth, expected) in
                [(MCP_JSON_DEPTH, None), (MCP_JSON_DEPTH + 1, Some(Flaw::TooDeep))]
            {
                let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                assert_eq!(parse(&text).err(), expected, "{open} {depth}");
            }
            assert_eq!(parse(&open.repeat(1_000_000)).err(), Some(Flaw::TooDeep));
        }
    }

    #[test]
    fn equal_keys_are_refused_at_any_depth_and_however_written() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"x":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(parse(text), Err(Flaw::DuplicateKey), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "nul", "{", "[1,]", "1 2", "{\"a\"}", "\"\\ud800\"", "1e999", "NaN", "'a'"]
        {
            assert_eq!(parse(text), Err(Flaw::Syntax), "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}",:a0-9.eE\\ -]{0,40}"#) {
            if let Ok(value) = parse(&text) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            } else if let Ok(value) = serde_json::from_str::<Value>(&text) {
                // Only ambiguity sets the two apart.
                prop_assert_eq!(parse(&text), Err(Flaw::DuplicateKey), "{}", value);
            }
        }
    }
}
