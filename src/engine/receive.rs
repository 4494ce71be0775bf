//! Money coming in: found, checked, signed for, confirmed. Yields to sends: each receive uses up ready work.

use std::convert::Infallible;
use std::sync::Arc;

use super::failures::unrefused;
use super::{Engine, Pace, foreign};
use crate::books::{Body, Event, Lane, OpenBlock, Receive};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link, Root};
use crate::network::{NodeError, Receivable};
use crate::payment::{BlockIntent, Effect, RivalKind, Sight, open_block};
use crate::store::StoreError;
use crate::wallet::NonSpendBlock;

impl Engine {
    /// Signs for the next confirmed send to this account, or waits.
    pub(super) async fn receive_next(&self, lane: &Lane) -> Result<Pace, StoreError> {
        let idle = Pace::After(self.parts.rhythm.receiving);
        self.keep_work_ready(lane);
        if lane.frozen.is_some() || self.is_frozen()? || !self.is_unlocked() {
            return Ok(Pace::After(limits::LANE_IDLE));
        }
        let policy = self.store().read(|view| view.policy())?;
        let minimum = Raw::new(policy.map_or(0, |row| row.policy.receive_minimum_raw).max(1));
        let page = limits::RECEIVABLE_PAGE;
        let waiting = match self.node().receivable(lane.account, minimum, page).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::debug!(%error, "what can be received is not known");
                return Ok(Pace::After(self.parts.rhythm.retrying));
            }
        };
        for send in waiting.iter().filter(|send| send.amount >= minimum) {
            match self.proven_amount(lane.account, send).await {
                Ok(Some(amount)) => return self.sign_receive(lane, send, amount).await,
                Ok(None) | Err(NodeError::Garbled { .. }) => {
                    tracing::warn!(hash = %send.hash, "a send does not prove what the node says");
                }
                Err(error) => {
                    tracing::debug!(%error, "a send cannot be checked");
                    return Ok(Pace::After(self.parts.rhythm.retrying));
                }
            }
        }
        Ok(idle)
    }

    /// The amount as the signed blocks of the sender prove it: a node that lies about it would make us sign a block no
    /// network accepts, and the lane would be stuck with it.
    async fn proven_amount(
        &self,
        account: Account,
        send: &Receivable,
    ) -> Result<Option<Raw>, NodeError> {
        let Some(info) = self.node().block_info(send.hash).await? else { return Ok(None) };
        let block = &info.contents.block;
        let sent_to_us = info.contents.hash() == send.hash && block.link == Link::from(account);
        if !sent_to_us || !info.confirmed || !info.contents.verify() {
            return Ok(None);
        }
        let balance_before = if block.previous == self.network().genesis_hash() {
            // A legacy block, which has no state to look at; all money there is was in it.
            Raw::MAX
        } else {
            match self.node().block_info(block.previous).await? {
                Some(before) if before.contents.hash() == block.previous => {
                    before.contents.block.balance
                }
                _ => return Ok(None),
            }
        };
        let moved = balance_before.checked_sub(block.balance);
        Ok(moved.filter(|moved| *moved == send.amount))
    }

    async fn sign_receive(
        &self,
        lane: &Lane,
        send: &Receivable,
        amount: Raw,
    ) -> Result<Pace, StoreError> {
        let frontier = match self.usable_frontier(lane).await? {
            Ok(frontier) => frontier,
            Err(pause) => return Ok(pause),
        };
        let representative = self.parts.representative;
        let built = NonSpendBlock::receive(&frontier, send.hash, amount, representative);
        let Ok(unsigned) = built else {
            return Ok(Pace::After(self.parts.rhythm.receiving));
        };
        let keystore = Arc::clone(&self.parts.keystore);
        let (account, source, sender) = (lane.account, send.hash, send.source);
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let lane = view.lane(&account)?;
            let free = lane.as_ref().is_some_and(|lane| {
                lane.open.is_none()
                    && lane.queued == 0
                    && lane.frozen.is_none()
                    && lane.head == frontier.hash()
            });
            if !free || view.freeze()?.is_some() {
                return Ok((Vec::new(), false));
            }
            let Ok(block) = keystore.sign_non_spend(&unsigned) else {
                return Ok((Vec::new(), false));
            };
            let intent = BlockIntent {
                attempt: 1,
                block,
                subtype: unsigned.subtype(),
                amount_raw: amount,
                signed_at_ms: view.now(),
            };
            let block_hash = intent.hash();
            Ok((vec![Body::ReceiveIntent { source, sender, block_hash, intent }.into()], true))
        });
        let signed = commit.await.map_err(unrefused)?.value;
        Ok(if signed { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
    }

    pub(super) async fn drive_receive(
        &self,
        lane: &Lane,
        receive: &Receive,
    ) -> Result<Pace, StoreError> {
        let intent = &receive.intent;
        let hash = intent.hash();
        let sight = self.sight(intent).await;
        let published = self.published().get(&hash).copied();
        match open_block(&sight, self.clock().now(), published) {
            Effect::Publish { with_subtype } => {
                self.publish(intent, with_subtype).await;
                Ok(Pace::After(self.parts.rhythm.confirming))
            }
            Effect::Settle => {
                self.close_receive(lane.account, hash, vec![received(lane.account, receive)])
                    .await?;
                self.prepare_work(hash, lane.head);
                Ok(Pace::Again)
            }
            Effect::Retry(rival) | Effect::Abandon(rival) => {
                let events = voided(lane, hash, &sight, rival);
                self.close_receive(lane.account, hash, events).await?;
                Ok(Pace::Again)
            }
            _ => Ok(Pace::After(self.pause_after(&sight))),
        }
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

    fn keep_work_ready(&self, lane: &Lane) {
        let root: Root = if lane.head.is_zero() { lane.account.into() } else { lane.head.into() };
        if !self.parts.work.is_ready(&root) {
            self.parts.work.prepare(root, None);
        }
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

fn voided(lane: &Lane, hash: BlockHash, sight: &Sight, rival: BlockHash) -> Vec<Event> {
    let account = lane.account;
    let mut events: Vec<Event> =
        vec![Body::ReceiveVoided { account, block_hash: hash, rival }.into()];
    match sight {
        Sight::Rival(seen) if seen.kind == RivalKind::Epoch => {
            events.push(Body::LaneAdvanced { account, block_hash: rival }.into());
        }
        Sight::Rival(seen) if seen.kind == RivalKind::Foreign => {
            events.push(foreign::frozen(lane, rival).into());
        }
        _ => {}
    }
    events
}
