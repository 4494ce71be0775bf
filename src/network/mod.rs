//! The port to a Nano network: what a wallet asks a node, and nothing else.
//!
//! Whatever comes back is untrusted: callers verify frontier blocks by hash and signature before they build on them.
//! This module must never decide about money.

mod agreement;
mod confirmations;
pub mod gateway;
mod health;
mod pool;
mod rpc;
mod websocket;
mod work_peer;
mod work_source;

#[cfg(test)]
mod tests;

pub use confirmations::{Confirmation, Confirmations, Heard};
pub use pool::{NodeClient, NodesError, Probe};
pub use rpc::{About, Rpc};
pub use websocket::Websocket;
pub use work_peer::WorkPeer;
pub use work_source::WorkSource;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, SignedBlock, Subtype};

/// A node as the wallet sees it; the sandbox and the RPC client implement it.
#[async_trait]
pub trait Node: Send + Sync + fmt::Debug {
    /// The head of an account chain; `None` when the account has no block yet.
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError>;

    /// Confirmed sends to `account` that nobody has received, of at least `minimum`, at most `count`.
    async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError>;

    /// [`Node::receivable`] of many accounts at once, with one request where the network has one; at most `count` each.
    async fn accounts_receivable(
        &self,
        accounts: &[Account],
        minimum: Raw,
        count: u32,
    ) -> Result<BTreeMap<Account, Vec<Receivable>>, NodeError> {
        let mut found = BTreeMap::new();
        for account in accounts {
            found.insert(*account, self.receivable(*account, minimum, count).await?);
        }
        Ok(found)
    }

    /// Confirmed balances of many accounts at once; zeros for an account without a block.
    async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError>;

    /// The newest blocks of an account chain, newest first: at most `count`, beginning at `head` if given.
    async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError>;

    /// One block by its hash; `None` when the node does not know it.
    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError>;

    /// What stands after `previous` in the chain of `account`, or first in it where `previous` is zero; `None` when the
    /// network does not know `previous`.
    async fn place_after(
        &self,
        account: Account,
        previous: BlockHash,
    ) -> Result<Option<Place>, NodeError> {
        if !previous.is_zero() {
            let info = self.block_info(previous).await?;
            return Ok(info.map(|info| info.successor.map_or(Place::Free, Place::Taken)));
        }
        match self.account_info(account).await? {
            None => Ok(Some(Place::Free)),
            Some(AccountInfo { open_block: Some(first), .. }) => Ok(Some(Place::Taken(first))),
            Some(_) => Err(NodeError::Garbled {
                detail: "the node does not say which block opened the account".to_owned(),
            }),
        }
    }

    /// Publishes a block. An error tells nothing about the outcome: decide from [`Node::block_info`].
    async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError>;
}

/// `account_info` with `include_confirmed` and `receivable`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountInfo {
    /// Head of the chain, confirmed or not.
    pub frontier: BlockHash,
    /// First block of the chain, where the network says it.
    pub open_block: Option<BlockHash>,
    /// Balance at the head.
    pub balance: Raw,
    /// Representative at the head.
    pub representative: Account,
    /// Blocks in the chain.
    pub block_count: u64,
    /// Last cemented block, if any is.
    pub confirmed_frontier: Option<BlockHash>,
    /// Height of the last cemented block; 0 if none is.
    pub confirmed_height: u64,
    /// Balance at the last cemented block.
    pub confirmed_balance: Raw,
    /// Sum of sends to this account not yet received, confirmed or not.
    pub receivable: Raw,
    /// The confirmed part of `receivable`.
    pub confirmed_receivable: Raw,
}

/// A place in an account chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// No block stands there.
    Free,
    /// This one does.
    Taken(BlockHash),
}

/// `accounts_balances` of one account.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AccountBalance {
    /// Confirmed balance.
    pub balance: Raw,
    /// Confirmed sends to it that nobody has received.
    pub receivable: Raw,
}

/// A stretch of an account chain, as `account_history` shows it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HistoryPage {
    /// Newest first.
    pub blocks: Vec<HistoryBlock>,
    /// Where the next page begins; `None` at the end of the chain.
    pub previous: Option<BlockHash>,
}

/// One block of [`HistoryPage`]. Unproven: what moves money is checked by [`Node::block_info`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryBlock {
    /// Its hash.
    pub hash: BlockHash,
    /// Its derived kind.
    pub subtype: Subtype,
    /// The other side; for a change or epoch block the account itself.
    pub counterparty: Account,
    /// The amount it moved.
    pub amount: Raw,
    /// Height in its account chain, from 1.
    pub height: u64,
    /// When the node first saw it, which other nodes may tell otherwise.
    pub local_timestamp: Option<Millis>,
    /// Whether the network has cemented it.
    pub confirmed: bool,
}

/// One send waiting to be received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receivable {
    /// Hash of the send block.
    pub hash: BlockHash,
    /// Amount sent.
    pub amount: Raw,
    /// Who sent it.
    pub source: Account,
}

/// `block_info` of one block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BlockInfo {
    /// The block itself, with signature and work.
    pub contents: SignedBlock,
    /// The amount it moved.
    pub amount: Raw,
    /// Height in its account chain, from 1.
    pub height: u64,
    /// The block that follows it, if any.
    pub successor: Option<BlockHash>,
    /// Whether the network has cemented it.
    pub confirmed: bool,
    /// Its derived kind.
    pub subtype: Subtype,
}

/// Why a node gave no usable answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NodeError {
    /// The node answered with an error of its own (`{"error": ...}`).
    #[error("the node refused: {message}")]
    Refused {
        /// The node's words, capped and escaped.
        message: String,
    },
    /// What came back cannot be an answer.
    #[error("the node's answer cannot be read: {detail}")]
    Garbled {
        /// What was wrong with it.
        detail: String,
    },
    /// No answer: connection refused, time-out, or cut off.
    #[error("the node did not answer: {detail}")]
    Unreachable {
        /// What was tried.
        detail: String,
    },
}
