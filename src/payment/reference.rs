//! A rail's own name for money that has moved: a block's hash, a transaction, an order.
//!
//! Nothing here may be taken for a proof: what stands behind a name is looked up where it comes from.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::nano::BlockHash;

/// 1 to [`limits::REFERENCE_BYTES`] printable ASCII characters.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// The text is no reference.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a reference is 1 to {max} printable ASCII characters", max = limits::REFERENCE_BYTES)]
pub struct ReferenceError;

impl Reference {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The block it names, if it names one.
    pub fn block(&self) -> Option<BlockHash> {
        self.0.parse().ok()
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        let fits = (1..=limits::REFERENCE_BYTES).contains(&text.len());
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && printable { Ok(Self(text)) } else { Err(ReferenceError) }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

impl From<BlockHash> for Reference {
    fn from(hash: BlockHash) -> Self {
        Self(hash.to_string())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_bounded_and_a_block_is_known_again() {
        let read = |text: &str| Reference::try_from(text.to_owned());
        assert!(read(&"r".repeat(limits::REFERENCE_BYTES)).is_ok());
        assert!(read(&"r".repeat(limits::REFERENCE_BYTES + 1)).is_err());
        for bad in ["", "a b", "a\n", "é"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        let hash = BlockHash::from_bytes([0xab; 32]);
        assert_eq!(Reference::from(hash).block(), Some(hash));
        assert_eq!(read("order_1").unwrap().block(), None);
    }

    #[test]
    fn a_reference_is_shown_kept_and_compared_as_it_was_given() {
        let order = Reference::try_from("order_1".to_owned()).unwrap();
        assert_eq!((order.as_str(), order.to_string().as_str()), ("order_1", "order_1"));
        assert_eq!(serde_json::to_string(&order).unwrap(), r#""order_1""#);
        let hash = BlockHash::from_bytes([0xab; 32]);
        assert_eq!(Reference::from(hash).to_string(), hash.to_string());
    }
}
