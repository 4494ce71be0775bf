//! How much a send moved, as signed blocks prove it: a node that lies about it would make us sign a block no network
//! accepts, and hold up the lane until that block is cancelled.

use super::super::Engine;
use crate::books::Lane;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link};
use crate::network::{NodeError, Receivable};

/// A confirmed send, as far as signed blocks prove it.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct ProvenSend {
    /// Who sent it.
    pub(in crate::engine) sender: Account,
    /// How much it moved.
    pub(in crate::engine) amount: Raw,
    /// Whether the amount is the node's word: the block before the send is of a kind that says no balance.
    pub(in crate::engine) claimed: bool,
}

impl Engine {
    /// The amount a confirmed send moved to this lane; `None` when it is not proven. A wrong claim makes the network
    /// refuse our block, which is then cancelled by an empty one in its place; an account without a block has no such
    /// place, and takes proven amounts only.
    pub(super) async fn proven_amount(
        &self,
        lane: &Lane,
        send: &Receivable,
    ) -> Result<Option<Raw>, NodeError> {
        let proven = self.proven_send(lane.account, send.hash).await?;
        let usable = proven.filter(|proven| !proven.claimed || !lane.head.is_zero());
        Ok(usable.map(|proven| proven.amount).filter(|amount| *amount == send.amount))
    }

    /// What a block proves of a confirmed send to an account, ours or not; `None` when it proves none.
    pub(in crate::engine) async fn proven_send(
        &self,
        to: Account,
        hash: BlockHash,
    ) -> Result<Option<ProvenSend>, NodeError> {
        let Some(info) = self.node().block_info(hash).await? else { return Ok(None) };
        let block = &info.contents.block;
        let sent_there = info.contents.hash() == hash && block.link == Link::from(to);
        if !sent_there || !info.confirmed || !info.contents.verify() {
            return Ok(None);
        }
        let sender = block.account;
        let balance_before = if block.previous == self.network().genesis_hash() {
            // A legacy block, which has no state to look at; all money there is was in it.
            Raw::MAX
        } else {
            match self.node().block_info(block.previous).await {
                Ok(Some(before)) if before.contents.hash() == block.previous => {
                    before.contents.block.balance
                }
                // Of a kind from before state blocks, which says no balance.
                Err(NodeError::Garbled { .. }) => {
                    return Ok(Some(ProvenSend { sender, amount: info.amount, claimed: true }));
                }
                Ok(_) => return Ok(None),
                Err(error) => return Err(error),
            }
        };
        let moved = balance_before.checked_sub(block.balance).filter(|moved| !moved.is_zero());
        Ok(moved.map(|amount| ProvenSend { sender, amount, claimed: false }))
    }
}
