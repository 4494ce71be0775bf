//! A signed block, durable before it leaves. Its hash is the payment's identity on the network.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{BlockHash, SignedBlock, Subtype};

/// A signed block and what it was signed for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockIntent {
    /// Counts blocks signed for the same purpose, from 1.
    pub attempt: u32,
    /// What is published: always these bytes.
    pub block: SignedBlock,
    /// The block's kind.
    pub subtype: Subtype,
    /// How much it moves.
    pub amount_raw: Raw,
    /// When it was signed.
    pub signed_at_ms: Millis,
}

impl BlockIntent {
    /// The block's identity.
    pub fn hash(&self) -> BlockHash {
        self.block.hash()
    }
}
