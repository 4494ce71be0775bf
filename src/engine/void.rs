//! A payment whose block somebody else was to publish, and did not: an empty block takes its place, so that the account
//! is free again.
//!
//! Nothing is given back before one of the two blocks is confirmed: whoever holds the other may still publish it.

use std::convert::Infallible;
use std::sync::Arc;

use super::failures::unrefused;
use super::remote::lapsed;
use super::{Engine, Pace};
use crate::books::{Body, Event, Lane, Payment};
use crate::limits;
use crate::money::Raw;
use crate::nano::{BlockHash, Subtype};
use crate::payment::{BlockIntent, PublishVia, Rival, Sight};
use crate::store::StoreError;
use crate::wallet::NonSpendBlock;

impl Engine {
    /// What the empty block needs, if there is one or is to be one; `None` while the payment goes its usual way.
    pub(super) async fn drive_void(
        &self,
        lane: &Lane,
        payment: &Payment,
        intent: &BlockIntent,
        sight: &Sight,
    ) -> Result<Option<Pace>, StoreError> {
        let Some(void) = &payment.void else {
            return match self.is_to_be_voided(payment, intent, sight)? {
                true => self.sign_void(lane, payment, intent.hash()).await.map(Some),
                false => Ok(None),
            };
        };
        let (hash, now) = (void.hash(), self.clock().now());
        let published = self.published().get(&hash).copied();
        let is_due = |pause| published.is_none_or(|at| now.since(at) >= pause);
        match sight {
            Sight::Rival(Rival { hash: rival, confirmed: true, .. }) if *rival == hash => {
                self.close(payment.id(), intent.attempt, lapsed(payment, hash)).await?;
                self.prepare_work(hash, lane.head);
                Ok(Some(Pace::Again))
            }
            Sight::Rival(Rival { hash: rival, .. }) if *rival == hash => {
                if is_due(limits::REPUBLISH_EVERY) {
                    self.publish(void, false, &PublishVia::Node).await;
                }
                Ok(Some(Pace::After(self.confirming())))
            }
            Sight::Absent => {
                if is_due(limits::REPUBLISH_LOST) {
                    self.publish(void, true, &PublishVia::Node).await;
                }
                Ok(Some(Pace::After(self.confirming())))
            }
            Sight::Known { .. } | Sight::Rival(_) | Sight::PreviousGone | Sight::Silent => Ok(None),
        }
    }

    /// Handed in and refused, or handed in for long, and no node has it.
    fn is_to_be_voided(
        &self,
        payment: &Payment,
        intent: &BlockIntent,
        sight: &Sight,
    ) -> Result<bool, StoreError> {
        let PublishVia::IfenpayTopup { transaction_id, .. } = &payment.publish_via else {
            return Ok(false);
        };
        let age = self.clock().now().since(intent.signed_at_ms);
        let was_handed_in = self.published().contains_key(&intent.hash());
        let patience = match self.was_refused(transaction_id) {
            true => limits::HAND_IN_REFUSED_LEAST,
            false => limits::HAND_IN_REFUSED_AFTER,
        };
        Ok(*sight == Sight::Absent
            && was_handed_in
            && age >= patience
            && self.is_unlocked()
            && !self.is_frozen()?)
    }

    async fn sign_void(
        &self,
        lane: &Lane,
        payment: &Payment,
        open: BlockHash,
    ) -> Result<Pace, StoreError> {
        let frontier = match self.usable_frontier(lane).await? {
            Ok(frontier) => frontier,
            Err(pause) => return Ok(pause),
        };
        let representative = frontier.representative().unwrap_or(self.parts.representative);
        let Ok(unsigned) = NonSpendBlock::change(&frontier, representative) else {
            return Ok(Pace::After(limits::LANE_IDLE));
        };
        let (id, keystore) = (payment.id(), Arc::clone(&self.parts.keystore));
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let payment = view.payment(id)?;
            let same = payment.is_some_and(|payment| {
                let hash = payment.state.block().map(BlockIntent::hash);
                hash == Some(open) && payment.void.is_none()
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
            let body = Body::PaymentCancelling { block_hash: open, intent };
            Ok((vec![Event::of(id, body)], true))
        });
        let signed = commit.await.map_err(unrefused)?.value;
        tracing::warn!(%id, "nobody publishes a payment's block; an empty one is to take its place");
        Ok(if signed { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
    }
}
