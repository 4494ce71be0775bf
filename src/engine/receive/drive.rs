//! A signed receive until its end, and the empty block that cancels one no node takes.
//!
//! That a block was refused proves nothing: it may be in flight elsewhere. Only a confirmed block in its place does,
//! so one is made. Neither block can lower the balance, whichever wins.

use std::convert::Infallible;

use super::super::failures::unrefused;
use super::super::{Engine, Pace, foreign};
use crate::books::{Body, Event, Lane, OpenBlock, Receive, View};
use crate::limits;
use crate::nano::{Account, BlockHash};
use crate::payment::{BlockIntent, Effect, PublishVia, Sight, open_block};
use crate::store::StoreError;

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
        let (account, hash, head) = (lane.account, receive.intent.hash(), lane.head);
        let is_open = move |view: &View<'_>| {
            Ok(view.lane(&account)?.is_some_and(|lane| match &lane.open {
                Some(OpenBlock::Receive(open)) => {
                    open.intent.hash() == hash && open.cancel.is_none() && lane.head == head
                }
                _ => false,
            }))
        };
        let written = move |intent| Body::ReceiveCancelling { block_hash: hash, intent }.into();
        tracing::warn!(%hash, "no node takes a receive; an empty block is to take its place");
        self.sign_empty(lane, is_open, written).await
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
