//! Blocks on our accounts that are not ours: epoch blocks, which are harmless, and those of a second holder of the seed.

use std::convert::Infallible;

use super::failures::unrefused;
use super::{Engine, Pace};
use crate::books::{Body, Event, Lane, Payment};
use crate::limits;
use crate::nano::BlockHash;
use crate::payment::{RivalKind, Sight};
use crate::policy::ReasonCode;
use crate::store::StoreError;
use crate::wallet::Frontier;

impl Engine {
    /// The verified head is not the one on the books, and no block of ours is open.
    pub(super) async fn meet_other_head(
        &self,
        lane: &Lane,
        frontier: &Frontier,
    ) -> Result<Pace, StoreError> {
        let head = frontier.hash();
        let ours = head.is_zero() || self.store().read(|view| view.is_our_block(&head))?;
        if ours {
            // An older block of ours: the node is behind.
            return Ok(Pace::After(self.parts.rhythm.retrying));
        }
        let Some(harmless) = self.only_epochs_between(lane, head).await else {
            return Ok(Pace::After(self.parts.rhythm.retrying));
        };
        let (account, known) = (lane.account, lane.head);
        let body = if harmless {
            Body::LaneAdvanced { account, block_hash: head }
        } else {
            frozen(lane, head)
        };
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let same = view.lane(&account)?.is_some_and(|lane| {
                lane.head == known && lane.open.is_none() && lane.frozen.is_none()
            });
            Ok((if same { vec![body.into()] } else { Vec::new() }, ()))
        });
        commit.await.map_err(unrefused)?;
        Ok(if harmless { Pace::Again } else { Pace::After(limits::LANE_IDLE) })
    }

    /// Whether everything above our head is an epoch block that leaves the balance alone; `None` when the node's
    /// answers do not say.
    async fn only_epochs_between(&self, lane: &Lane, head: BlockHash) -> Option<bool> {
        let mut hash = head;
        for _ in 0..limits::FOREIGN_WALK {
            if hash == lane.head {
                return Some(true);
            }
            let info = self.node().block_info(hash).await.ok()??;
            let block = &info.contents.block;
            if info.contents.hash() != hash || block.account != lane.account {
                return None;
            }
            let epoch = self
                .network()
                .epoch_signer(&block.link)
                .is_some_and(|signer| info.contents.verify_by(&signer));
            if !epoch || block.balance != lane.balance {
                // Anyone's block but an epoch's carries the account's own signature, which was checked for the head.
                return Some(false);
            }
            hash = block.previous;
        }
        None
    }
}

/// Our block is dead and nobody took anything: the payment gets a new one.
pub(super) fn voided(payment: &Payment, sight: &Sight, rival: BlockHash) -> Vec<Event> {
    let epoch = matches!(sight, Sight::Rival(rival) if rival.kind == RivalKind::Epoch);
    let reason = match epoch {
        true => "an epoch block was confirmed in its place",
        false => "another block of this wallet was confirmed in its place",
    };
    let reason = reason.to_owned();
    let mut events = vec![Event::of(payment.id(), Body::PaymentVoided { rival, reason })];
    if epoch {
        let account = payment.account;
        events.push(Body::LaneAdvanced { account, block_hash: rival }.into());
    }
    events
}

/// Our block is dead because somebody else signs for this account: give back, freeze, raise the alarm.
pub(super) fn abandoned(payment: &Payment, rival: BlockHash) -> Vec<Event> {
    let released = Body::PaymentReleased {
        reason_code: ReasonCode::RivalConfirmed,
        reason: format!(
            "block {rival}, which this wallet did not sign, was confirmed in its place"
        ),
        rival,
    };
    let account = payment.account;
    vec![
        Event::of(payment.id(), released),
        Body::LaneFrozen { account, reason: ALARM.to_owned(), block_hash: Some(rival) }.into(),
    ]
}

pub(super) fn frozen(lane: &Lane, block: BlockHash) -> Body {
    let account = lane.account;
    Body::LaneFrozen { account, reason: ALARM.to_owned(), block_hash: Some(block) }
}

pub(super) const ALARM: &str =
    "a block this wallet did not sign is on the account: somebody else holds the seed";
