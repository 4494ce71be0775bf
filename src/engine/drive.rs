//! Drives one lane: what its open block needs, then the next payment in its queue, then money coming in.
//!
//! Runs at start-up, on a timer and after every request; it is recovery and the forward path in one. It must never
//! publish anything but the bytes of a durable intent.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use super::failures::unrefused;
use super::sign::{self, Unsigned};
use super::wake::Bell;
use super::{Engine, foreign};
use crate::books::{Body, Event, Lane, NewTask, OpenBlock, Payment, Settlement, View};
use crate::ids::PaymentId;
use crate::limits;
use crate::nano::{Account, BlockHash, Subtype};
use crate::payment::{BlockIntent, Effect, Observation, PublishVia, Sight, State};
use crate::policy::{Rail, ReasonCode, Stage, Verdict};
use crate::rails::nano as rail;
use crate::store::{Refusal, StoreError};
use crate::wallet::{Frontier, FrontierError};

/// When to look at a lane again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// At once: something has moved.
    Again,
    /// After this long, or when nudged.
    After(Duration),
}

impl Engine {
    pub(super) async fn lane_loop(&self, account: Account, bell: Arc<Bell>) {
        while !self.stopping.is_cancelled() {
            let pause = match self.drive_lane(account).await {
                Ok(Pace::Again) => continue,
                Ok(Pace::After(pause)) => pause,
                Err(error) => {
                    tracing::error!(%error, "a lane cannot be driven");
                    limits::LANE_IDLE
                }
            };
            tokio::select! {
                () = bell.heard() => {}
                () = self.clock().sleep(pause) => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    /// Moves one lane on by one step.
    ///
    /// # Errors
    /// The store's; the network's are waited out.
    pub async fn drive_lane(&self, account: Account) -> Result<Pace, StoreError> {
        let look = |view: &View<'_>| {
            let Some(lane) = view.lane(&account)? else { return Ok(None) };
            let next = match &lane.open {
                Some(OpenBlock::Payment(id)) => view.payment(*id)?,
                Some(OpenBlock::Receive(_) | OpenBlock::Change(_)) => None,
                None => {
                    view.queue(&account)?.first().map(|id| view.payment(*id)).transpose()?.flatten()
                }
            };
            Ok(Some((lane, next)))
        };
        let Some((lane, payment)) = self.store().read(look)? else {
            return Ok(Pace::After(limits::LANE_IDLE));
        };
        match (&lane.open, payment) {
            (Some(OpenBlock::Receive(receive)), _) => self.drive_receive(&lane, receive).await,
            (Some(OpenBlock::Change(intent)), _) => self.drive_change(&lane, intent).await,
            (Some(OpenBlock::Payment(_)), Some(payment)) => {
                self.drive_payment(&lane, &payment).await
            }
            (None, Some(payment)) => self.sign_next(&lane, &payment).await,
            (None, None) => self.receive_next(&lane).await,
            (Some(OpenBlock::Payment(id)), None) => Err(StoreError::Corrupt {
                detail: format!("the lane is held by payment {id}, which is not on the books"),
            }),
        }
    }

    async fn drive_payment(&self, lane: &Lane, payment: &Payment) -> Result<Pace, StoreError> {
        let Some(intent) = payment.state.intent() else {
            let detail = format!("payment {} holds the lane without a block", payment.id());
            return Err(StoreError::Corrupt { detail });
        };
        let sight = self.sight(intent).await;
        let observation = Observation::Network {
            sight: sight.clone(),
            now: self.clock().now(),
            published: self.published().get(&intent.hash()).copied(),
        };
        let id = payment.id();
        match (self.parts.step)(&payment.state, &observation) {
            Effect::Publish { with_subtype } => {
                self.publish(intent, with_subtype, &payment.publish_via).await;
                Ok(Pace::After(self.confirming()))
            }
            Effect::Settle => {
                let next = lane.head;
                self.close(id, intent.hash(), settled(payment, intent)).await?;
                self.prepare_work(intent.hash(), next);
                self.outbox.ring();
                Ok(Pace::Again)
            }
            Effect::Retry(rival) => {
                self.close(id, intent.hash(), foreign::voided(payment, &sight, rival)).await?;
                Ok(Pace::Again)
            }
            Effect::Abandon(rival) => {
                self.close(id, intent.hash(), foreign::abandoned(payment, rival)).await?;
                Ok(Pace::Again)
            }
            Effect::MarkUnknown => {
                let waited = limits::UNKNOWN_AFTER.as_secs();
                let reason = format!("not confirmed within {waited} s; the wallet goes on looking");
                let unknown = Event::of(id, Body::PaymentUnknown { reason });
                self.close(id, intent.hash(), vec![unknown]).await?;
                Ok(Pace::Again)
            }
            Effect::Expire | Effect::Nothing | Effect::Sign | Effect::Wait => {
                Ok(Pace::After(self.pause_after(&sight)))
            }
        }
    }

    /// Commits `events` if the payment's open block is still `hash`: transaction B acts only on an intent.
    async fn close(
        &self,
        id: PaymentId,
        hash: BlockHash,
        events: Vec<Event>,
    ) -> Result<(), StoreError> {
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let payment = view.payment(id)?;
            let open = payment.as_ref().and_then(|payment| payment.state.intent());
            let same = open.is_some_and(|intent| intent.hash() == hash);
            Ok((if same { events } else { Vec::new() }, ()))
        });
        commit.await.map(drop).map_err(unrefused)
    }

    /// Signs the payment at the head of the queue, on a fresh head and after a fresh look of the policy.
    async fn sign_next(&self, lane: &Lane, payment: &Payment) -> Result<Pace, StoreError> {
        if lane.frozen.is_some() || self.is_frozen()? || !self.is_unlocked() {
            return Ok(Pace::After(limits::LANE_IDLE));
        }
        let frontier = match self.usable_frontier(lane).await? {
            Ok(frontier) => frontier,
            Err(pause) => return Ok(pause),
        };
        let ready = Observation::Lane { ready: frontier.hash() == lane.head };
        if (self.parts.step)(&payment.state, &ready) != Effect::Sign {
            return Ok(Pace::After(self.parts.rhythm.retrying));
        }
        let (id, keystore) = (payment.id(), Arc::clone(&self.parts.keystore));
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let events = sign_queued(view, &keystore, id, &frontier)?;
            let moved = !events.is_empty();
            Ok((events, moved))
        });
        let moved = commit.await.map_err(unrefused)?.value;
        Ok(if moved { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
    }

    /// A verified head that is the one on the books, or how long to wait for it.
    pub(super) async fn usable_frontier(
        &self,
        lane: &Lane,
    ) -> Result<Result<Frontier, Pace>, StoreError> {
        let asked = rail::frontier(self.node(), self.network(), lane.account).await;
        match asked {
            Ok(frontier) if frontier.hash() == lane.head => Ok(Ok(frontier)),
            Ok(frontier) => self.meet_other_head(lane, &frontier).await.map(Err),
            Err(rail::LookError::Frontier(FrontierError::Unconfirmed)) => {
                Ok(Err(Pace::After(self.confirming())))
            }
            Err(error) => {
                tracing::warn!(%error, "the head of an account cannot be used");
                Ok(Err(Pace::After(self.parts.rhythm.retrying)))
            }
        }
    }

    pub(super) async fn sight(&self, intent: &BlockIntent) -> Sight {
        let store = self.store();
        let is_ours =
            |hash: &BlockHash| store.read(|view| view.is_our_block(hash)).unwrap_or(false);
        rail::observe(self.node(), self.network(), &intent.block, is_ours).await
    }

    /// Publishes durable bytes. Whatever the node answers is only logged: what became of them is seen, not heard.
    /// A block that the network has goes through the node, whoever was to publish it first.
    pub(super) async fn publish(&self, intent: &BlockIntent, with_subtype: bool, via: &PublishVia) {
        if self.is_frozen().unwrap_or(true) {
            return;
        }
        let mut block = intent.block;
        match self.parts.work.obtain(block.block.root()).await {
            Ok(work) => block.work = Some(work),
            Err(error) => {
                tracing::warn!(%error, "a block waits for its work");
                return;
            }
        }
        // The owner may have frozen while work was made.
        if self.is_frozen().unwrap_or(true) || self.stopping.is_cancelled() {
            return;
        }
        let subtype = with_subtype.then_some(intent.subtype);
        self.published().insert(intent.hash(), self.clock().now());
        if let (true, PublishVia::IfenpayTopup { transaction_id, credits }) = (with_subtype, via) {
            self.hand_in(block, transaction_id, *credits);
            return;
        }
        if let Err(error) = self.node().process(&block, subtype).await {
            tracing::info!(%error, hash = %intent.hash(), "publishing a block");
        }
    }

    /// The next block's work, made before it is asked for.
    pub(super) fn prepare_work(&self, head: BlockHash, before: BlockHash) {
        self.published().remove(&head);
        let outdated = (!before.is_zero()).then(|| before.into());
        self.parts.work.prepare(head.into(), outdated);
    }

    pub(super) fn pause_after(&self, sight: &Sight) -> Duration {
        match sight {
            Sight::Known { .. } => self.confirming(),
            Sight::Absent | Sight::PreviousGone | Sight::Rival(_) | Sight::Silent => {
                self.parts.rhythm.retrying
            }
        }
    }
}

fn settled(payment: &Payment, intent: &BlockIntent) -> Vec<Event> {
    let settlement = Settlement {
        rail: Rail::Nano,
        reference: intent.hash(),
        settled_amount: payment.request.amount,
    };
    debug_assert_eq!(intent.subtype, Subtype::Send, "a payment is a send");
    let mandate_id = payment.request.mandate_id.clone();
    let mut events = vec![Event::of(payment.id(), Body::PaymentSettled { settlement, mandate_id })];
    let tasks = payment.purpose.iter().flat_map(|purpose| &purpose.after);
    events.extend(tasks.map(|task| {
        Event::of(payment.id(), Body::OutboxAdded(Box::new(NewTask { task: task.clone() })))
    }));
    events
}

/// Policy and freeze are looked at again: much may have changed since the payment was allowed.
fn sign_queued(
    view: &View<'_>,
    keystore: &crate::wallet::Keystore,
    id: PaymentId,
    frontier: &Frontier,
) -> Result<Vec<Event>, Refusal<Infallible>> {
    let Some(payment) = view.payment(id)? else { return Ok(Vec::new()) };
    let State::Reserved { attempts } = payment.state else { return Ok(Vec::new()) };
    let Some(lane) = view.lane(&payment.account)? else { return Ok(Vec::new()) };
    let sign_before = payment.purpose.as_ref().and_then(|purpose| purpose.sign_before_ms);
    if sign_before.is_some_and(|end| view.now() >= end) {
        let reason = "it could not be signed in time: what was to be paid has ended".to_owned();
        let reason_code = ReasonCode::OfferExpired;
        return Ok(vec![Event::of(id, Body::PaymentFailed { reason_code, reason })]);
    }
    let decision = sign::judge(view, &payment.request, Stage::Approved)?;
    let decided = sign::decided(&payment.request, Stage::Approved, &decision);
    match decision.verdict {
        // A freeze is lifted again; the payment waits for that.
        Verdict::Deny if decision.reason_code == ReasonCode::WalletFrozen => Ok(Vec::new()),
        Verdict::NeedsApproval => Ok(Vec::new()),
        Verdict::Deny => {
            let (reason_code, reason) = (decision.reason_code, decision.reason);
            Ok(vec![decided, Event::of(id, Body::PaymentBlocked { reason_code, reason })])
        }
        Verdict::Allow(grant) => {
            let attempt = attempts + 1;
            let request = &payment.request;
            match sign::intent(keystore, grant, request, &lane, frontier, attempt, view.now()) {
                Ok(intent) => Ok(vec![decided, intent]),
                Err(Unsigned::Later) => Ok(Vec::new()),
                Err(Unsigned::Never(reason_code, reason)) => {
                    Ok(vec![decided, Event::of(id, Body::PaymentFailed { reason_code, reason })])
                }
            }
        }
    }
}
