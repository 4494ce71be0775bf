//! How much a send moved, as signed blocks prove it: a node that lies about it would make us sign a block no network
//! accepts, and hold up the lane until that block is cancelled.

use super::super::Engine;
use crate::books::Lane;
use crate::money::Raw;
use crate::nano::Link;
use crate::network::{NodeError, Receivable};

impl Engine {
    /// The amount a confirmed send moved to this lane; `None` when it is not proven.
    pub(super) async fn proven_amount(
        &self,
        lane: &Lane,
        send: &Receivable,
    ) -> Result<Option<Raw>, NodeError> {
        let Some(info) = self.node().block_info(send.hash).await? else { return Ok(None) };
        let block = &info.contents.block;
        let sent_to_us =
            info.contents.hash() == send.hash && block.link == Link::from(lane.account);
        if !sent_to_us || !info.confirmed || !info.contents.verify() {
            return Ok(None);
        }
        let balance_before = if block.previous == self.network().genesis_hash() {
            // A legacy block, which has no state to look at; all money there is was in it.
            Raw::MAX
        } else {
            match self.node().block_info(block.previous).await {
                Ok(Some(before)) if before.contents.hash() == block.previous => {
                    before.contents.block.balance
                }
                Err(NodeError::Garbled { .. }) => return Ok(claimed(lane, send, info.amount)),
                Ok(_) => return Ok(None),
                Err(error) => return Err(error),
            }
        };
        let moved = balance_before.checked_sub(block.balance);
        Ok(moved.filter(|moved| *moved == send.amount))
    }
}

/// The block before the send is of a kind from before state blocks, which says no balance. A wrong amount makes the
/// network refuse our block, which is then cancelled by an empty one in its place; an account without a block has no
/// such place, and takes proven amounts only.
fn claimed(lane: &Lane, send: &Receivable, amount: Raw) -> Option<Raw> {
    (!lane.head.is_zero() && amount == send.amount).then_some(amount)
}
