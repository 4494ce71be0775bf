//! ifenpay's gateway in the place of a node: for an owner who has an API key and no node.
//!
//! It knows neither a confirmed head nor what follows a block (`reference/ifenpay.md` §5), so both are worked out from
//! single blocks, whose hashes are checked. This module must never take an error for "there is no such account" unless
//! its code and words say so, nor believe a balance that the head itself does not show.
//!
//! ```text
//! upstream   requests, retries, the envelope      refusal   what went wrong, under which code
//!   chain      a chain walked back from its head   wire      what the answers look like
//! ```

mod chain;
mod lists;
mod refusal;
mod upstream;
mod wire;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Mutex;

use async_trait::async_trait;

pub use refusal::UpstreamError;
pub use upstream::Upstream;

use super::{
    AccountBalance, AccountInfo, BlockInfo, HistoryPage, Node, NodeError, Place, Receivable,
};
use crate::money::Raw;
use crate::nano::{Account, BlockHash, SignedBlock, Subtype};

/// The gateway as a [`Node`].
pub struct Gateway {
    upstream: Upstream,
    /// Sends that were looked up: what a block moved never changes.
    sends: Mutex<HashMap<BlockHash, Option<Receivable>>>,
}

impl Gateway {
    /// The gateway behind `upstream`.
    pub fn new(upstream: Upstream) -> Self {
        Self { upstream, sends: Mutex::default() }
    }
}

#[async_trait]
impl Node for Gateway {
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        self.head(account).await
    }

    async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        self.waiting(account, minimum, count).await
    }

    async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        let mut found = BTreeMap::new();
        for account in accounts {
            found.insert(*account, self.balance(*account).await?);
        }
        Ok(found)
    }

    async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        self.history(account, head, count).await
    }

    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        self.block(hash).await
    }

    async fn place_after(
        &self,
        account: Account,
        previous: BlockHash,
    ) -> Result<Option<Place>, NodeError> {
        self.place(account, previous).await
    }

    async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        self.publish(block, subtype).await
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}
