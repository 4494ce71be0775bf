//! JSON of a seller: every key once, so that no two readers see different demands.
//!
//! This module must never let an object through that has a key twice, however deep, or be asked for more than its
//! caller's cap.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Whether the text is one JSON value without a key that stands twice in its object.
pub(super) fn is_strict(text: &str) -> bool {
    serde_json::from_str::<Unique>(text).is_ok()
}

/// Reads any JSON value and keeps nothing of it. Its depth is bounded by `serde_json`.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Unique, A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            if !seen.insert(key) {
                return Err(A::Error::custom("a key stands twice"));
            }
            fields.next_value::<Unique>()?;
        }
        Ok(Unique)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_once_in_its_object_however_it_is_spelled() {
        for good in
            ["{}", "null", "[1.5,-2,\"x\",true,{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}]"]
        {
            assert!(is_strict(good), "{good}");
        }
        for bad in [
            "{\"a\":1,\"a\":1}",
            "{\"a\":1,\"\\u0061\":2}",
            "[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]",
            "{} {}",
            "{\"a\":1,}",
            "",
            "{\"a\":NaN}",
        ] {
            assert!(!is_strict(bad), "{bad}");
        }
        assert!(!is_strict(&"[".repeat(100_000)));
    }
}
