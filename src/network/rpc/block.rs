//! `block_info` and `process`.
//!
//! A block must never leave this module under another hash than its own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Rpc;
use super::answer::{BLOCK_NOT_FOUND, absent_if, garbled, nonsense};
use super::wire::{Count, Flag, hash_or_none};
use crate::money::Raw;
use crate::nano::{BlockHash, Link, SignedBlock, Subtype};
use crate::network::{BlockInfo, NodeError};

/// A block as a node shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shown {
    /// A state block, whose hash was checked.
    State(Box<BlockInfo>),
    /// A block of before 2018, which does not say what a state block says.
    Legacy,
}

impl Rpc {
    /// As [`crate::network::Node::block_info`], with what it has no room for.
    pub async fn block_info(&self, hash: BlockHash) -> Result<Option<Shown>, NodeError> {
        let asked = AskBlock { action: "block_info", json_block: "true", hash };
        let found = absent_if(self.call::<Info>(&asked).await, BLOCK_NOT_FOUND)?;
        found.map(|info| info.checked(hash)).transpose()
    }

    /// As [`crate::network::Node::process`].
    pub async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        let asked = AskProcess { action: "process", json_block: "true", subtype, block };
        let answer: Processed = self.call(&asked).await?;
        match answer.hash == block.hash() {
            true => Ok(answer.hash),
            false => Err(nonsense("the node took the block for another one")),
        }
    }
}

#[derive(Serialize)]
struct AskBlock {
    action: &'static str,
    json_block: &'static str,
    hash: BlockHash,
}

/// What a node answers to `block_info`.
#[derive(Deserialize)]
pub(in crate::network) struct Info {
    /// An object, or its text from a node that does not know `json_block`.
    contents: Value,
    amount: Option<Raw>,
    height: Count,
    #[serde(default, deserialize_with = "hash_or_none")]
    successor: Option<BlockHash>,
    confirmed: Flag,
    subtype: Option<String>,
}

impl Info {
    /// The block, where what it does is told by nothing but the balance before it. ifenpay may leave the subtype out.
    pub(in crate::network) fn undecided(&self) -> Option<SignedBlock> {
        if self.subtype.is_some() {
            return None;
        }
        serde_json::from_value(self.contents.clone()).ok()
    }

    /// The same with this subtype, if there is one.
    pub(in crate::network) fn or_subtype(self, subtype: Option<Subtype>) -> Self {
        let found = subtype.map(|subtype| subtype.to_string());
        Self { subtype: self.subtype.or(found), ..self }
    }

    /// The block, if it is the one asked for.
    pub(in crate::network) fn checked(self, hash: BlockHash) -> Result<Shown, NodeError> {
        let contents = match self.contents {
            Value::String(text) => serde_json::from_str(&text).map_err(garbled)?,
            object => object,
        };
        let kind = contents.get("type").and_then(Value::as_str).unwrap_or_default();
        if LEGACY.contains(&kind) {
            return Ok(Shown::Legacy);
        }
        let contents: SignedBlock = serde_json::from_value(contents).map_err(garbled)?;
        if contents.hash() != hash {
            return Err(nonsense("the node shows another block than the one asked for"));
        }
        let link = &contents.block.link;
        let subtype = match self.subtype.as_deref().map(str::parse) {
            Some(Ok(subtype)) => subtype,
            None if link.is_epoch() => Subtype::Epoch,
            None if *link == Link::ZERO => Subtype::Change,
            _ => return Err(nonsense("the node does not say what the block does")),
        };
        let moves_nothing = matches!(subtype, Subtype::Change | Subtype::Epoch);
        let amount = match self.amount {
            Some(amount) => amount,
            None if moves_nothing => Raw::ZERO,
            None => return Err(nonsense("the node does not say what the block moved")),
        };
        Ok(Shown::State(Box::new(BlockInfo {
            contents,
            amount,
            height: self.height.0,
            successor: self.successor,
            confirmed: self.confirmed.0,
            subtype,
        })))
    }
}

#[derive(Serialize)]
struct AskProcess<'a> {
    action: &'static str,
    json_block: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtype: Option<Subtype>,
    block: &'a SignedBlock,
}

#[derive(Deserialize)]
struct Processed {
    hash: BlockHash,
}

/// The types of blocks of before state blocks.
const LEGACY: [&str; 4] = ["send", "receive", "open", "change"];
