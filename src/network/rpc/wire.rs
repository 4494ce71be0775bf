//! The forms of values on the wire: numbers in strings, booleans in four spellings, lists that are empty in four ways.
//!
//! Reading must never guess: what is none of the known forms is an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::nano::BlockHash;

/// A request without parameters.
#[derive(Serialize)]
pub(super) struct Bare {
    /// What is asked.
    pub(super) action: &'static str,
}

/// `version`.
#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) node_vendor: String,
}

/// `block_count`.
#[derive(Deserialize)]
pub(super) struct BlockCount {
    pub(super) count: Count,
    pub(super) cemented: Option<Count>,
}

/// A count below 2^64, as decimal text or as a number.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::network) struct Count(pub(in crate::network) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Count, E> {
                Ok(Count(value))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                match text.parse() {
                    Ok(value) if digits => Ok(Count(value)),
                    _ => Err(E::invalid_value(de::Unexpected::Other("another text"), &self)),
                }
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// A boolean: `true`, `"true"`, `"1"` or 1, and their opposites.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::network) struct Flag(pub(in crate::network) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Spelling;
        impl Visitor<'_> for Spelling {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Flag, E> {
                match value {
                    0 => Ok(Flag(false)),
                    1 => Ok(Flag(true)),
                    other => Err(E::invalid_value(de::Unexpected::Unsigned(other), &self)),
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Flag, E> {
                match text {
                    "true" | "1" => Ok(Flag(true)),
                    "false" | "0" => Ok(Flag(false)),
                    _ => Err(E::invalid_value(de::Unexpected::Other("another text"), &self)),
                }
            }
        }
        deserializer.deserialize_any(Spelling)
    }
}

/// A hash, or the zeros or the empty text that stand for none.
pub(super) fn hash_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BlockHash>, D::Error> {
    match Option::<Cow<'de, str>>::deserialize(deserializer)?.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => {
            let hash: BlockHash = text.parse().map_err(de::Error::custom)?;
            Ok((!hash.is_zero()).then_some(hash))
        }
    }
}

/// Keys with values. A list is keys alone; `""`, `[]`, `{}` and null are none. The same key twice is an error.
#[derive(Debug)]
pub(in crate::network) struct Entries<K, V>(pub(in crate::network) BTreeMap<K, Option<V>>);

impl<K, V> Default for Entries<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, K, V> Deserialize<'de> for Entries<K, V>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for EntriesVisitor<K, V>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    type Value = Entries<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, an object or an empty text")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Entries::default())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "" => Ok(Entries::default()),
            _ => Err(E::invalid_value(de::Unexpected::Other("another text"), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = list.next_element::<K>()? {
            if entries.insert(key, None).is_some() {
                return Err(de::Error::custom("the same entry twice"));
            }
        }
        Ok(Entries(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<K, V>()? {
            if entries.insert(key, Some(value)).is_some() {
                return Err(de::Error::custom("the same entry twice"));
            }
        }
        Ok(Entries(entries))
    }
}

/// A list in order; `""`, `{}` and null are the empty one.
#[derive(Debug)]
pub(in crate::network) struct List<T>(pub(in crate::network) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or an empty text")
            }

            fn visit_unit<E: de::Error>(self) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<List<T>, E> {
                match text {
                    "" => Ok(List(Vec::new())),
                    _ => Err(E::invalid_value(de::Unexpected::Other("another text"), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<T>, A::Error> {
                match map.next_entry::<IgnoredAny, IgnoredAny>()? {
                    None => Ok(List(Vec::new())),
                    Some(_) => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
                }
            }
        }
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: de::DeserializeOwned>(json: &str) -> Option<T> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn a_boolean_has_four_spellings_and_no_fifth() {
        for json in ["true", "\"true\"", "\"1\"", "1"] {
            assert_eq!(read(json), Some(Flag(true)), "{json}");
        }
        for json in ["false", "\"false\"", "\"0\"", "0"] {
            assert_eq!(read(json), Some(Flag(false)), "{json}");
        }
        for json in ["\"True\"", "\"\"", "2", "-1", "1.0", "null", "[]", "\"yes\""] {
            assert_eq!(read::<Flag>(json), None, "{json}");
        }
    }

    #[test]
    fn a_count_is_digits_below_two_to_the_64() {
        for json in ["\"18446744073709551615\"", "18446744073709551615"] {
            assert_eq!(read(json), Some(Count(u64::MAX)));
        }
        for json in [
            "\"18446744073709551616\"",
            "18446744073709551616",
            "\"\"",
            "\"-1\"",
            "-1",
            "\"+1\"",
            "1.5",
            "\" 1\"",
            "true",
        ] {
            assert_eq!(read::<Count>(json), None, "{json}");
        }
    }

    #[test]
    fn a_list_is_empty_in_four_ways() {
        for json in ["\"\"", "{}", "[]", "null"] {
            assert!(read::<Entries<String, Count>>(json).unwrap().0.is_empty(), "{json}");
            assert!(read::<List<Count>>(json).unwrap().0.is_empty(), "{json}");
        }
        assert_eq!(read::<List<Count>>("[2,\"1\"]").unwrap().0, [Count(2), Count(1)]);
        let entries = read::<Entries<String, Count>>("{\"a\":\"1\"}").unwrap().0;
        assert_eq!(entries["a"], Some(Count(1)));
        assert_eq!(read::<Entries<String, Count>>("[\"a\"]").unwrap().0["a"], None);
        for json in ["\" \"", "0", "{\"a\":1,\"a\":1}", "[\"a\",\"a\"]", "[1]", "{\"a\":[]}"] {
            assert!(read::<Entries<String, Count>>(json).is_none(), "{json}");
        }
        assert!(read::<List<Count>>("{\"a\":1}").is_none());
    }
}
