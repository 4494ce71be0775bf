//! What waits for an account, and its past, block by block.
//!
//! The gateway lists hashes alone, so each send is looked up, once: a long list of dust must not cost a request for
//! each entry of it in every round.

use std::sync::PoisonError;

use super::Gateway;
use super::chain::nonsense;
use super::wire::Pending;
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link, Subtype};
use crate::network::rpc::Shown;
use crate::network::{BlockInfo, HistoryBlock, HistoryPage, NodeError, Receivable};

impl Gateway {
    /// Confirmed sends that wait for `account`, each proven to be one by its block.
    pub(super) async fn waiting(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        let text = account.to_string();
        let mut told: Pending = self.upstream.read(&["wallet", "pending", &text]).await?;
        let hashes = told.blocks.0.remove(&account).flatten();
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        let mut found: Vec<Receivable> = Vec::new();
        let mut lookups = 0;
        for hash in hashes.map_or_else(Vec::new, |list| list.0) {
            if found.len() >= most {
                break;
            }
            let send = match self.remembered(&hash) {
                Some(send) => send,
                None if lookups >= limits::NODE_LOOKUPS => break,
                None => {
                    lookups += 1;
                    self.look_up(account, hash).await?
                }
            };
            let is_new = |send: &Receivable| found.iter().all(|other| other.hash != send.hash);
            let send = send.filter(|send| send.amount >= minimum && is_new(send));
            found.extend(send);
        }
        Ok(found)
    }

    /// The newest blocks of an account, newest first. Changes and epoch blocks are left out, as nodes do.
    pub(super) async fn history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        let start = match head {
            Some(head) => Some(head),
            None => self.claimed_head(account).await?.map(|head| head.frontier),
        };
        let mut page = HistoryPage { blocks: Vec::new(), previous: start };
        for _ in 0..count.min(limits::GATEWAY_WALK) {
            let Some(hash) = page.previous else { break };
            let info = self.own(account, hash).await?;
            let previous = info.contents.block.previous;
            page.previous = (!previous.is_zero()).then_some(previous);
            page.blocks.extend(self.history_block(hash, &info).await?);
        }
        Ok(page)
    }

    async fn history_block(
        &self,
        hash: BlockHash,
        info: &BlockInfo,
    ) -> Result<Option<HistoryBlock>, NodeError> {
        let link = info.contents.block.link;
        let counterparty = match info.subtype {
            Subtype::Send => link.as_account(),
            Subtype::Receive | Subtype::Open => match self.shown(link.as_hash()).await? {
                Some(Shown::State(source)) => source.contents.block.account,
                // An old block's sender is not told.
                Some(Shown::Legacy) => return Ok(None),
                None => return Err(nonsense("ifenpay does not know what a block received")),
            },
            Subtype::Change | Subtype::Epoch => return Ok(None),
        };
        Ok(Some(HistoryBlock {
            hash,
            subtype: info.subtype,
            counterparty,
            amount: info.amount,
            height: info.height,
            local_timestamp: None,
            confirmed: info.confirmed,
        }))
    }

    /// `None` for what is no confirmed send to the account; only what cannot change is remembered.
    async fn look_up(
        &self,
        account: Account,
        hash: BlockHash,
    ) -> Result<Option<Receivable>, NodeError> {
        let send = match self.shown(hash).await? {
            Some(Shown::State(info)) if !info.confirmed => return Ok(None),
            Some(Shown::State(info)) => {
                let is_ours = info.contents.block.link == Link::from(account)
                    && info.subtype == Subtype::Send;
                let source = info.contents.block.account;
                is_ours.then_some(Receivable { hash, amount: info.amount, source })
            }
            Some(Shown::Legacy) => None,
            None => return Err(nonsense("ifenpay lists a send it does not know")),
        };
        let mut sends = self.sends.lock().unwrap_or_else(PoisonError::into_inner);
        if sends.len() >= limits::GATEWAY_SENDS {
            sends.clear();
        }
        sends.insert(hash, send.clone());
        Ok(send)
    }

    fn remembered(&self, hash: &BlockHash) -> Option<Option<Receivable>> {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }
}
