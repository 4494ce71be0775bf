//! A block in a payee's hands: signed with its work, handed over, and voided by an empty block of ours once the payee
//! has had its time.
//!
//! Its account is held until one of the two is confirmed. A second block for the same purchase must never be signed.

use std::sync::Arc;
use std::time::Duration;

use super::super::sign::Unsigned;
use super::super::{Engine, Pace};
use super::handover::{MakeHeader, Signing};
use crate::books::{Body, Event, Lane, Payment};
use crate::limits;
use crate::nano::{BlockHash, Work};
use crate::payment::{BlockIntent, Cheque, Intent, PublishVia, Seen, State};
use crate::policy::ReasonCode;
use crate::store::StoreError;
use crate::wallet::Frontier;

/// A signed send as the payee gets it. How long it has is capped: the account is held meanwhile.
pub(super) fn drawn(
    mut sent: BlockIntent,
    work: Work,
    header: MakeHeader,
    timeout_ms: u64,
) -> Result<Intent, Unsigned> {
    sent.block.work = Some(work);
    let unfit = |reason| Unsigned::Never(ReasonCode::OfferChanged, reason);
    let header = header(&sent.block).map_err(unfit)?;
    let patience = Duration::from_millis(timeout_ms)
        .clamp(limits::CHEQUE_TIMEOUT_LEAST, limits::CHEQUE_TIMEOUT_MOST);
    let void_after_ms = sent.signed_at_ms.plus(patience);
    Ok(Intent::Cheque(Cheque { sent, header, void_after_ms, cancel: None }))
}

impl Engine {
    /// Signs a purchase that waited for its account, for what the seller wants now if that is what was decided on.
    pub(in crate::engine) async fn sign_cheque(
        &self,
        payment: &Payment,
        frontier: Frontier,
    ) -> Result<Pace, StoreError> {
        let offered = match self.prepare(payment).await? {
            Ok(offered) => offered,
            Err(pace) => return Ok(pace),
        };
        let Signing::Cheque { header, timeout_ms } = offered.signing else {
            return Ok(Pace::After(limits::LANE_IDLE));
        };
        let work = match self.parts.work.obtain(frontier.hash().into()).await {
            Ok(work) => work,
            Err(error) => {
                tracing::warn!(%error, "a purchase waits for the work of its block");
                return Ok(Pace::After(self.parts.rhythm.retrying));
            }
        };
        let drawn = move |sent| drawn(sent, work, header, timeout_ms);
        self.sign_upon(payment.id(), frontier, drawn).await
    }

    /// Hands the block over, without waiting: the lane goes on looking for it. A seller that said no is not asked again.
    pub(in crate::engine) fn hand_over_cheque(&self, payment: &Payment, hash: BlockHash) {
        let id = payment.id();
        let memory = self.remotes.memory(id);
        let till = payment.purchase.as_ref().map(|purchase| purchase.till());
        let Some(handover) = till.and_then(|till| self.remotes.till(till)).map(Arc::clone) else {
            tracing::warn!(%id, "a block waits for access to its payee");
            return;
        };
        if memory.is_refused || memory.is_under_way || self.is_frozen().unwrap_or(true) {
            return;
        }
        let now = self.clock().now();
        self.published().insert(hash, now);
        self.remotes.note_handed(id, now);
        self.remotes.remember(id, |memory| memory.is_under_way = true);
        let (remotes, stopping) = (Arc::clone(&self.remotes), self.stopping.clone());
        let bell = payment.account.map(|account| self.bells.of(account));
        let payment = payment.clone();
        self.tasks.spawn(async move {
            let Some(intent) = payment.state.intent() else { return };
            let handed = handover.hand_over(&payment, intent);
            let seen = stopping.run_until_cancelled(handed).await;
            remotes.remember(id, |memory| {
                memory.is_under_way = false;
                memory.is_refused = seen == Some(Seen::Refused);
            });
            if let Some(bell) = bell {
                bell.ring();
            }
        });
    }

    /// Signs the empty block, or publishes the one there is.
    pub(in crate::engine) async fn cancel_cheque(
        &self,
        lane: &Lane,
        payment: &Payment,
        cheque: &Cheque,
    ) -> Result<Pace, StoreError> {
        if let Some(cancel) = &cheque.cancel {
            let published = self.published().get(&cancel.hash()).copied();
            let now = self.clock().now();
            let is_new = published.is_none();
            if published.is_none_or(|at| now.since(at) >= limits::REPUBLISH_EVERY) {
                self.publish(cancel, is_new, &PublishVia::Node).await;
            }
            return Ok(Pace::After(self.confirming()));
        }
        if !self.is_unlocked() || self.is_frozen()? {
            return Ok(Pace::After(limits::LANE_IDLE));
        }
        let hash = cheque.sent.hash();
        let is_open = move |payment: &Payment| {
            let open = payment.state.cheque();
            open.is_some_and(|open| open.sent.hash() == hash && open.cancel.is_none())
        };
        self.cancel_payment(lane, payment.id(), hash, is_open).await
    }
}

/// The block that was to pay is dead by one of ours or the network's: nothing moved.
pub(in crate::engine) fn lapsed(payment: &Payment, rival: BlockHash) -> Vec<Event> {
    let (reason_code, reason) = match (&payment.state, &payment.publish_via) {
        (State::Intent(intent) | State::Unknown(intent), PublishVia::Node)
            if matches!(**intent, Intent::Block(_)) =>
        {
            (ReasonCode::OfferExpired, "the network did not get its block before the offer ended")
        }
        _ => {
            (ReasonCode::Lapsed, "the payee did not publish its block in time, and cannot any more")
        }
    };
    let reason = reason.to_owned();
    let released = Body::PaymentReleased { reason_code, reason, rival: Some(rival) };
    let mut events = vec![Event::of(payment.id(), released)];
    if let (Some(account), State::Intent(_) | State::Unknown(_)) = (payment.account, &payment.state)
    {
        events.push(Body::LaneAdvanced { account, block_hash: rival }.into());
    }
    events
}
