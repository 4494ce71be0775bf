//! The id ifenpay gives a payment request or a top-up order.
//!
//! It becomes part of a path, so what could lead elsewhere must never be one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits;

/// An id of ifenpay's; a UUID so far.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TransactionId(String);

/// The text cannot be an id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a transaction id has 1 to {} letters, digits and hyphens",
    limits::IFENPAY_TRANSACTION_BYTES
)]
pub struct BadTransactionId;

impl BadTransactionId {
    /// The stable code told to callers (seeds/001).
    pub const fn code(self) -> &'static str {
        "INVALID_TRANSACTION_ID"
    }
}

impl TransactionId {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TransactionId {
    type Err = BadTransactionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=limits::IFENPAY_TRANSACTION_BYTES).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits && plain { Ok(Self(text.to_owned())) } else { Err(BadTransactionId) }
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for TransactionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TransactionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_leads_elsewhere_is_an_id() {
        assert!("77df93b1-0c2e-4c4e-9a53-0f2f3d0a7a11".parse::<TransactionId>().is_ok());
        for bad in [
            "",
            "..",
            "../../credits",
            "..%2F..%2Fwallet%2Fcreate",
            "a/b",
            "a?b",
            "a#b",
            "a b",
            "a\n",
            "é",
        ] {
            assert_eq!(bad.parse::<TransactionId>(), Err(BadTransactionId), "{bad}");
        }
    }

    #[test]
    fn an_id_has_an_end() {
        let longest = "a".repeat(limits::IFENPAY_TRANSACTION_BYTES);
        assert!(longest.parse::<TransactionId>().is_ok());
        assert!(format!("{longest}a").parse::<TransactionId>().is_err());
    }
}
