//! A block that no node has and that is not to be paid with any more, because somebody else was to publish it and did
//! not, or because what it pays for has ended: an empty block takes its place, so that the account is free again.
//!
//! Nothing is given back before one of the two blocks is confirmed: the other may still be published.

use super::remote::lapsed;
use super::{Engine, Pace};
use crate::books::{Lane, Payment};
use crate::limits;
use crate::payment::{BlockIntent, PublishVia, Rival, Sight};
use crate::store::StoreError;

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
                true => {
                    let open = intent.hash();
                    let is_open = move |payment: &Payment| {
                        let hash = payment.state.block().map(BlockIntent::hash);
                        hash == Some(open) && payment.void.is_none()
                    };
                    self.cancel_payment(lane, payment.id(), open, is_open).await.map(Some)
                }
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

    /// No node has it, and its time is over: handed in and refused, handed in for long, or its offer has ended.
    fn is_to_be_voided(
        &self,
        payment: &Payment,
        intent: &BlockIntent,
        sight: &Sight,
    ) -> Result<bool, StoreError> {
        let (now, signed_at) = (self.clock().now(), intent.signed_at_ms);
        let published = self.published().get(&intent.hash()).copied();
        let is_over = match &payment.publish_via {
            PublishVia::IfenpayTopup { transaction_id, .. } => {
                let patience = match self.was_refused(transaction_id) {
                    true => limits::HAND_IN_REFUSED_LEAST,
                    false => limits::HAND_IN_REFUSED_AFTER,
                };
                published.is_some() && now.since(signed_at) >= patience
            }
            // One signed at the last moment is published all the same: the payee's time ends later than ours.
            PublishVia::Node => {
                let last = published.unwrap_or(signed_at);
                payment.sign_before_ms().is_some_and(|end| now >= end)
                    && now.since(last) >= limits::OFFER_ENDED_AFTER
            }
        };
        Ok(is_over && *sight == Sight::Absent && self.is_unlocked() && !self.is_frozen()?)
    }
}
