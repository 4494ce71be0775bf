//! A signed receive until its end, and the empty block that cancels one no node takes.
//!
//! That a block was refused proves nothing: it may be in flight elsewhere. Only a confirmed block in its place does,
//! so one is made. Neither block can lower the balance, whichever wins.

use std::convert::Infallible;
use std::sync::Arc;

use super::super::failures::unrefused;
use super::super::{Engine, Pace, foreign};
use crate::books::{Body, Event, Lane, OpenBlock, Receive};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Subtype};
use crate::payment::{BlockIntent, Effect, PublishVia, Sight, open_block};
use crate::store::StoreError;
use crate::wallet::NonSpendBlock;

impl Engine {
    pub(in crate::engine) async fn drive_receive(
        &self,
        lane: &Lane,
        receive: &Receive,
    ) -> Result<Pace, StoreError> {
        let hash = receive.intent.hash();
        let sight = self.sight(&receive.intent).await;
        if self.is_to_be_cancelled(lane, receive, &sight)? {
            return self.cancel_receive(lane, receive).await;
        }
        let wanted = wanted(receive, &sight);
        let published = self.published().get(&wanted.hash()).copied();
        match open_block(&sight, self.clock().now(), published) {
            Effect::Publish { with_subtype } => {
                self.publish(wanted, with_subtype, &PublishVia::Node).await;
                Ok(Pace::After(self.confirming()))
            }
            Effect::Settle => {
                self.close_receive(lane.account, hash, vec![received(lane.account, receive)])
                    .await?;
                self.rounds.used(&lane.account, &receive.source);
                self.prepare_work(hash, lane.head);
                Ok(Pace::Again)
            }
            Effect::Retry(rival) | Effect::Abandon(rival) => {
                let events = voided(lane, receive, &sight, rival);
                self.close_receive(lane.account, hash, events).await?;
                if is_cancelled_by(receive, rival) {
                    self.asked.refuse(receive.source);
                    self.prepare_work(rival, lane.head);
                }
                Ok(Pace::Again)
            }
            _ => Ok(self.wait_for_receive(receive, &sight).await),
        }
    }

    /// The cancelling block is on the network and needs votes like any other.
    async fn wait_for_receive(&self, receive: &Receive, sight: &Sight) -> Pace {
        if let (Some(cancel), Sight::Rival(rival)) = (&receive.cancel, sight)
            && rival.hash == cancel.hash()
        {
            let now = self.clock().now();
            let published = self.published().get(&rival.hash).copied();
            if published.is_none_or(|at| now.since(at) >= limits::REPUBLISH_EVERY) {
                self.publish(cancel, false, &PublishVia::Node).await;
            }
            return Pace::After(self.confirming());
        }
        Pace::After(self.pause_after(sight))
    }

    /// Published for long, and no node has it.
    fn is_to_be_cancelled(
        &self,
        lane: &Lane,
        receive: &Receive,
        sight: &Sight,
    ) -> Result<bool, StoreError> {
        let age = self.clock().now().since(receive.intent.signed_at_ms);
        let was_published = self.published().contains_key(&receive.intent.hash());
        Ok(*sight == Sight::Absent
            && receive.cancel.is_none()
            && !lane.head.is_zero()
            && was_published
            && age >= limits::RECEIVE_REFUSED_AFTER
            && self.is_unlocked()
            && !self.is_frozen()?)
    }

    async fn cancel_receive(&self, lane: &Lane, receive: &Receive) -> Result<Pace, StoreError> {
        let frontier = match self.usable_frontier(lane).await? {
            Ok(frontier) => frontier,
            Err(pause) => return Ok(pause),
        };
        let representative = frontier.representative().unwrap_or(self.parts.representative);
        let Ok(unsigned) = NonSpendBlock::change(&frontier, representative) else {
            return Ok(Pace::After(limits::LANE_IDLE));
        };
        let (account, hash) = (lane.account, receive.intent.hash());
        let keystore = Arc::clone(&self.parts.keystore);
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let lane = view.lane(&account)?;
            let same = lane.is_some_and(|lane| match &lane.open {
                Some(OpenBlock::Receive(open)) => {
                    open.intent.hash() == hash
                        && open.cancel.is_none()
                        && lane.head == frontier.hash()
                }
                _ => false,
            });
            let signed = keystore.sign_non_spend(&unsigned);
            let (true, Ok(block), None) = (same, signed, view.freeze()?) else {
                return Ok((Vec::new(), false));
            };
            let intent = BlockIntent {
                attempt: 1,
                block,
                subtype: Subtype::Change,
                amount_raw: Raw::ZERO,
                signed_at_ms: view.now(),
            };
            Ok((vec![Body::ReceiveCancelling { block_hash: hash, intent }.into()], true))
        });
        let signed = commit.await.map_err(unrefused)?.value;
        tracing::warn!(%hash, "no node takes a receive; an empty block is to take its place");
        Ok(if signed { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
    }

    async fn close_receive(
        &self,
        account: Account,
        hash: BlockHash,
        events: Vec<Event>,
    ) -> Result<(), StoreError> {
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let lane = view.lane(&account)?;
            let same = lane.is_some_and(|lane| match &lane.open {
                Some(OpenBlock::Receive(open)) => open.intent.hash() == hash,
                _ => false,
            });
            Ok((if same { events } else { Vec::new() }, ()))
        });
        commit.await.map(drop).map_err(unrefused)
    }
}

/// Which of the two blocks to publish: the one that cancels, as soon as there is one and no node has the receive.
fn wanted<'a>(receive: &'a Receive, sight: &Sight) -> &'a BlockIntent {
    match (&receive.cancel, sight) {
        (Some(cancel), Sight::Absent) => cancel,
        _ => &receive.intent,
    }
}

fn received(account: Account, receive: &Receive) -> Event {
    Body::FundsReceived {
        account,
        amount_raw: receive.intent.amount_raw,
        block_hash: receive.intent.hash(),
        source: receive.source,
        sender: receive.sender,
    }
    .into()
}

fn voided(lane: &Lane, receive: &Receive, sight: &Sight, rival: BlockHash) -> Vec<Event> {
    let (account, block_hash) = (lane.account, receive.intent.hash());
    let mut events: Vec<Event> = vec![Body::ReceiveVoided { account, block_hash, rival }.into()];
    if is_cancelled_by(receive, rival) {
        events.push(Body::LaneAdvanced { account, block_hash: rival }.into());
    } else {
        events.extend(foreign::aftermath(lane, sight, rival).map(Event::from));
    }
    events
}

fn is_cancelled_by(receive: &Receive, rival: BlockHash) -> bool {
    receive.cancel.as_ref().is_some_and(|cancel| cancel.hash() == rival)
}
