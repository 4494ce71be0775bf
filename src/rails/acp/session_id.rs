//! The id of a checkout session, which stands in the path of every request about it.
//!
//! This module must never let an id through that could name another place.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::limits;

/// 1 to [`limits::ID_BYTES`] letters, digits, `-` and `_`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct SessionId(String);

/// The text is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a checkout session id is 1 to {} letters, digits, - or _", limits::ID_BYTES)]
pub struct SessionIdError;

impl SessionId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=limits::ID_BYTES).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(SessionIdError) }
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_no_other_place() {
        assert!("x".repeat(limits::ID_BYTES).parse::<SessionId>().is_ok());
        assert!("cs_live-9".parse::<SessionId>().is_ok());
        let long = "x".repeat(limits::ID_BYTES + 1);
        for bad in ["", "..", "../x", "a/b", "a%2fb", "a?b", "a#b", "a b", "a.b", "é", "a\n", &long]
        {
            assert_eq!(bad.parse::<SessionId>(), Err(SessionIdError), "{bad:?}");
        }
    }
}
