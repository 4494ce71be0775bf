//! State blocks: the only block a wallet makes (protocol notes §1 and §2).
//!
//! A block states the balance *after* itself, so the ledger derives what it does from the block before it. This
//! module must never judge whether a block may be signed.

use std::fmt;
use std::str::FromStr;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::signature::verify;
use super::{Account, BlockHash, Link, Root, Signature, Work};
use crate::money::Raw;
use crate::text::serde_text;

/// The signed part of a block.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct StateBlock {
    /// The account whose chain the block extends.
    pub account: Account,
    /// The block before it; [`BlockHash::ZERO`] in the first block.
    pub previous: BlockHash,
    /// Who votes with the account's balance.
    pub representative: Account,
    /// The balance after the block, not the amount moved.
    pub balance: Raw,
    /// Destination of a send, source of a receive, zero in a change.
    pub link: Link,
}

impl StateBlock {
    /// The hash that names the block and that is signed.
    pub fn hash(&self) -> BlockHash {
        let digest = Blake2b::<U32>::new()
            .chain_update(PREAMBLE)
            .chain_update(self.account.as_bytes())
            .chain_update(self.previous.as_bytes())
            .chain_update(self.representative.as_bytes())
            .chain_update(self.balance.to_be_bytes())
            .chain_update(self.link.as_bytes());
        BlockHash::from_bytes(digest.finalize().into())
    }

    /// What proof of work for the block is made for.
    pub fn root(&self) -> Root {
        if self.previous.is_zero() { self.account.into() } else { self.previous.into() }
    }
}

/// A block as it is published. JSON is the node's own form; a block read from JSON is *not* verified.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SignedBlock {
    /// What was signed.
    pub block: StateBlock,
    /// By the account, or by the network's epoch signer.
    pub signature: Signature,
    /// Proof of work, once there is some; not part of the hash.
    pub work: Option<Work>,
}

impl SignedBlock {
    /// As [`StateBlock::hash`].
    pub fn hash(&self) -> BlockHash {
        self.block.hash()
    }

    /// Whether the block's own account signed it. An epoch block is signed by somebody else: [`Self::verify_by`].
    pub fn verify(&self) -> bool {
        self.verify_by(&self.block.account)
    }

    /// Whether `signer` signed the block.
    pub fn verify_by(&self, signer: &Account) -> bool {
        verify(signer, &self.hash(), &self.signature)
    }
}

impl Serialize for SignedBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let StateBlock { account, previous, representative, balance, link } = self.block;
        BlockJson {
            kind: Kind::State,
            account,
            previous,
            representative,
            balance,
            link,
            link_as_account: Some(link.as_account()),
            signature: self.signature,
            work: self.work,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SignedBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = BlockJson::deserialize(deserializer)?;
        let BlockJson { account, previous, representative, balance, link, .. } = json;
        Ok(Self {
            block: StateBlock { account, previous, representative, balance, link },
            signature: json.signature,
            work: json.work,
        })
    }
}

/// What a block does, which a ledger derives from the change of the balance.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Subtype {
    /// The first receive of an account.
    Open,
    /// The balance rises by a send to the account.
    Receive,
    /// The balance falls.
    Send,
    /// Only the representative changes.
    Change,
    /// The network raises the version of the account.
    Epoch,
}

/// The text is no block subtype.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a block subtype is open, receive, send, change or epoch")]
pub struct UnknownSubtype;

impl Subtype {
    /// The node's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Receive => "receive",
            Self::Send => "send",
            Self::Change => "change",
            Self::Epoch => "epoch",
        }
    }
}

impl FromStr for Subtype {
    type Err = UnknownSubtype;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Open, Self::Receive, Self::Send, Self::Change, Self::Epoch]
            .into_iter()
            .find(|subtype| subtype.as_str() == text)
            .ok_or(UnknownSubtype)
    }
}

impl fmt::Display for Subtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

serde_text!(Subtype);

/// The node's form of a block. Fields it adds are ignored, so is `link_as_account`: only `link` is signed.
#[derive(Deserialize, Serialize)]
struct BlockJson {
    #[serde(rename = "type")]
    kind: Kind,
    account: Account,
    previous: BlockHash,
    representative: Account,
    balance: Raw,
    link: Link,
    #[serde(skip_deserializing)]
    link_as_account: Option<Account>,
    signature: Signature,
    #[serde(default, deserialize_with = "work_or_empty", skip_serializing_if = "Option::is_none")]
    work: Option<Work>,
}

/// Legacy block types are refused: they do not say the balance.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    State,
}

/// Nodes write an empty text where there is no work.
fn work_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Work>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(de::Error::custom),
    }
}

/// The type of a state block, 6, as a 32-byte number.
const PREAMBLE: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[31] = 6;
    bytes
};

#[cfg(test)]
mod tests;
