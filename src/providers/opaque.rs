//! Ids and addresses whose form only the provider knows.
//!
//! This module must never shorten or correct one: it is sent back as it came.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::limits;

/// 1 to [`limits::ID_BYTES`] visible ASCII characters.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Opaque(String);

/// The text is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an id has 1 to {} visible ASCII characters", limits::ID_BYTES)]
pub struct OpaqueError;

impl Opaque {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are the same but for upper and lower case.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl FromStr for Opaque {
    type Err = OpaqueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=limits::ID_BYTES).contains(&text.len());
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && is_visible { Ok(Self(text.to_owned())) } else { Err(OpaqueError) }
    }
}

impl<'de> Deserialize<'de> for Opaque {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// One that may be missing; some servers write an empty text then.
pub(super) fn optional<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Opaque>, D::Error> {
    let text = Option::<String>::deserialize(d)?.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_visible_and_has_an_end() {
        assert!("x".repeat(limits::ID_BYTES).parse::<Opaque>().is_ok());
        for bad in ["", "a b", "a\n", "é", "a\u{202e}b", &"x".repeat(limits::ID_BYTES + 1)] {
            assert_eq!(bad.parse::<Opaque>(), Err(OpaqueError), "{bad:?}");
        }
    }
}
