//! A block in a payee's hands: signed with its work, handed over, and voided by an empty block of ours once the payee
//! has had its time.
//!
//! Its account is held until one of the two is confirmed. A second block for the same purchase must never be signed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use super::super::failures::unrefused;
use super::super::sign::{self, Unsigned};
use super::super::{Engine, Pace};
use super::handover::{MakeHeader, Signing};
use crate::books::{Body, Event, Lane, Payment};
use crate::limits;
use crate::money::Raw;
use crate::nano::{BlockHash, Subtype, Work};
use crate::payment::{BlockIntent, Cheque, Intent, PublishVia, Seen, State};
use crate::policy::ReasonCode;
use crate::store::StoreError;
use crate::wallet::{Frontier, NonSpendBlock};

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
        let (id, keystore) = (payment.id(), Arc::clone(&self.parts.keystore));
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let events = sign::sign_reserved(view, id, |grant, payment, attempt| {
                let account = payment.account.as_ref();
                let Some(lane) = account.map(|account| view.lane(account)).transpose()?.flatten()
                else {
                    return Ok(Err(Unsigned::Later));
                };
                let (request, now) = (&payment.request, view.now());
                let sent = sign::send(&keystore, grant, request, &lane, &frontier, attempt, now);
                Ok(sent.and_then(|sent| drawn(sent, work, header, timeout_ms)))
            })?;
            let moved = !events.is_empty();
            Ok((events, moved))
        });
        let moved = commit.await.map_err(unrefused)?.value;
        Ok(if moved { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
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
        let frontier = match self.usable_frontier(lane).await? {
            Ok(frontier) => frontier,
            Err(pause) => return Ok(pause),
        };
        let representative = frontier.representative().unwrap_or(self.parts.representative);
        let Ok(unsigned) = NonSpendBlock::change(&frontier, representative) else {
            return Ok(Pace::After(limits::LANE_IDLE));
        };
        let (id, hash) = (payment.id(), cheque.sent.hash());
        let keystore = Arc::clone(&self.parts.keystore);
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let payment = view.payment(id)?;
            let open = payment.as_ref().and_then(|payment| payment.state.cheque());
            let same = open.is_some_and(|open| open.sent.hash() == hash && open.cancel.is_none());
            let (true, Ok(block), None) =
                (same, keystore.sign_non_spend(&unsigned), view.freeze()?)
            else {
                return Ok((Vec::new(), false));
            };
            let intent = BlockIntent {
                attempt: 1,
                block,
                subtype: Subtype::Change,
                amount_raw: Raw::ZERO,
                signed_at_ms: view.now(),
            };
            let body = Body::PaymentCancelling { block_hash: hash, intent };
            Ok((vec![Event::of(id, body)], true))
        });
        let signed = commit.await.map_err(unrefused)?.value;
        tracing::warn!(%hash, "a payee did not publish its block; an empty one is to take its place");
        Ok(if signed { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
    }
}

/// The block in the payee's hands is dead by one of ours or the network's: nothing moved.
pub(in crate::engine) fn lapsed(payment: &Payment, rival: BlockHash) -> Vec<Event> {
    let reason = "the payee did not publish its block in time, and cannot any more".to_owned();
    let reason_code = ReasonCode::Lapsed;
    let released = Body::PaymentReleased { reason_code, reason, rival: Some(rival) };
    let mut events = vec![Event::of(payment.id(), released)];
    if let (Some(account), State::Intent(_) | State::Unknown(_)) = (payment.account, &payment.state)
    {
        events.push(Body::LaneAdvanced { account, block_hash: rival }.into());
    }
    events
}
