//! Drives one payment without a lane: signs it once it may be, hands its proof over, sees what became of it.
//!
//! Recovery and the forward path in one. Only durable proofs leave, and what a payee answers moves a payment on only
//! by [`crate::payment::step()`].

use std::convert::Infallible;

use super::super::drive::settled;
use super::super::failures::unrefused;
use super::super::sign::{self, Unsigned};
use super::super::{Engine, Pace};
use super::handover::{Offered, Signing, Unprepared};
use crate::books::{Body, Event, Payment};
use crate::ids::PaymentId;
use crate::limits;
use crate::payment::{Effect, Intent, Observation, Presented, Seen, State};
use crate::policy::ReasonCode;
use crate::store::StoreError;

impl Engine {
    /// Moves one payment without a lane on by one step; `None` when nothing is left to do.
    ///
    /// # Errors
    /// The store's; a payee's are waited out.
    pub async fn drive_remote(&self, id: PaymentId) -> Result<Option<Pace>, StoreError> {
        let Some(payment) = self.store().read(|view| view.payment(id))? else { return Ok(None) };
        match (&payment.state, payment.state.presented()) {
            (State::Reserved { .. }, _) => self.sign_remote(&payment).await.map(Some),
            (State::Intent(_) | State::Unknown(_), Some(proof)) => {
                self.drive_proof(&payment, proof).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Signs a payment that waited, for what the payee wants now if that is what was decided on.
    async fn sign_remote(&self, payment: &Payment) -> Result<Pace, StoreError> {
        if self.is_frozen()? || !self.is_unlocked() {
            return Ok(Pace::After(limits::LANE_IDLE));
        }
        let ready = Observation::Lane { ready: true };
        if (self.parts.step)(&payment.state, &ready) != Effect::Sign {
            return Ok(Pace::After(self.parts.rhythm.retrying));
        }
        let offered = match self.prepare(payment).await? {
            Ok(offered) => offered,
            Err(pace) => return Ok(pace),
        };
        let Signing::Proof(make) = offered.signing else {
            let reason = "the seller is to be paid from one of the wallet's accounts now";
            return self.fail(payment.id(), ReasonCode::OfferChanged, reason.to_owned()).await;
        };
        let id = payment.id();
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let events = sign::sign_reserved(view, id, |grant, payment, attempt| {
                let made = make(grant, &payment.request, attempt, view.now());
                let never = |reason| Unsigned::Never(ReasonCode::OfferChanged, reason);
                Ok(made.map(Intent::Presented).map_err(never))
            })?;
            let moved = !events.is_empty();
            Ok((events, moved))
        });
        let moved = commit.await.map_err(unrefused)?.value;
        Ok(if moved { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
    }

    /// What the payee wants now, if it is what was decided on; otherwise the payment waits or fails.
    pub(in crate::engine) async fn prepare(
        &self,
        payment: &Payment,
    ) -> Result<Result<Offered, Pace>, StoreError> {
        let id = payment.id();
        let till = payment.purchase.as_ref().map(|purchase| purchase.till());
        let Some(handover) = till.and_then(|till| self.remotes.till(till)) else {
            tracing::warn!(%id, "a payment waits for access to its payee");
            return Ok(Err(Pace::After(limits::LANE_IDLE)));
        };
        match handover.prepare(payment).await {
            Ok(offered) => match offered.departs_from(&payment.request) {
                None => Ok(Ok(offered)),
                Some(reason) => self.fail(id, ReasonCode::OfferChanged, reason).await.map(Err),
            },
            Err(Unprepared::Never(code, reason)) => self.fail(id, code, reason).await.map(Err),
            Err(Unprepared::Later(reason)) => {
                let now = self.clock().now();
                self.remotes.remember(id, |memory| {
                    memory.silent_since.get_or_insert(now);
                });
                let since = self.remotes.memory(id).silent_since.unwrap_or(now);
                if now.since(since) >= limits::PAYEE_WAIT {
                    return self.fail(id, ReasonCode::PayeeUnreachable, reason).await.map(Err);
                }
                Ok(Err(Pace::After(limits::PRESENT_AGAIN)))
            }
        }
    }

    /// Ends a payment that was allowed and is not signed.
    async fn fail(
        &self,
        id: PaymentId,
        reason_code: ReasonCode,
        reason: String,
    ) -> Result<Pace, StoreError> {
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let payment = view.payment(id)?;
            let waits =
                payment.is_some_and(|payment| matches!(payment.state, State::Reserved { .. }));
            let failed = Event::of(id, Body::PaymentFailed { reason_code, reason });
            Ok((if waits { vec![failed] } else { Vec::new() }, ()))
        });
        commit.await.map_err(unrefused)?;
        Ok(Pace::Again)
    }

    async fn drive_proof(&self, payment: &Payment, proof: &Presented) -> Result<Pace, StoreError> {
        let (seen, effect) = self.see(payment, proof).await?;
        let id = payment.id();
        let events = match (effect, seen) {
            (Effect::Settle, Seen::Paid(reference)) => settled(payment, reference),
            (Effect::Release, _) => {
                let reason = "the payee took no money in time and cannot any more".to_owned();
                let reason_code = ReasonCode::Lapsed;
                vec![Event::of(id, Body::PaymentReleased { reason_code, reason, rival: None })]
            }
            (Effect::MarkUnknown, _) => {
                let reason =
                    "whether the payee took the money cannot be told; the wallet goes on looking";
                vec![Event::of(id, Body::PaymentUnknown { reason: reason.to_owned() })]
            }
            _ if matches!(payment.state, State::Unknown(_)) => {
                return Ok(Pace::After(limits::LANE_IDLE));
            }
            _ => return Ok(Pace::After(self.parts.rhythm.retrying)),
        };
        self.close(id, proof.attempt, events).await?;
        self.outbox.ring();
        Ok(Pace::Again)
    }

    /// Looks, hands over if that is what is to be done, and says what follows from what was seen last.
    async fn see(
        &self,
        payment: &Payment,
        proof: &Presented,
    ) -> Result<(Seen, Effect), StoreError> {
        let (id, step) = (payment.id(), self.parts.step);
        let till = payment.purchase.as_ref().map(|purchase| purchase.till());
        let Some(handover) = till.and_then(|till| self.remotes.till(till)) else {
            tracing::warn!(%id, "a proof waits for access to its payee");
            return Ok((Seen::Open, Effect::Wait));
        };
        let memory = self.remotes.memory(id);
        let now = self.clock().now();
        // Nothing can be known of it yet, and the same bytes may always be handed over once more.
        let is_first = memory.handed.is_none() && now < proof.valid_until_ms;
        let seen = match is_first {
            true => Seen::Open,
            false => handover.look(payment, proof, now).await,
        };
        let seen = if seen == Seen::Open && memory.is_refused { Seen::Refused } else { seen };
        let handed = memory.handed;
        let effect = step(&payment.state, &Observation::Payee { seen: seen.clone(), now, handed });
        let Some(intent) = payment.state.intent().filter(|_| effect == Effect::Present) else {
            return Ok((seen, effect));
        };
        if self.is_frozen()? || self.stopping.is_cancelled() {
            return Ok((seen, Effect::Wait));
        }
        self.remotes.note_handed(id, now);
        let seen = handover.hand_over(payment, intent).await;
        self.remotes.remember(id, |memory| memory.is_refused = seen == Seen::Refused);
        let now = self.clock().now();
        let handed = self.remotes.memory(id).handed;
        let effect = step(&payment.state, &Observation::Payee { seen: seen.clone(), now, handed });
        Ok((seen, effect))
    }
}
