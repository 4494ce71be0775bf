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
use super::{Engine, foreign, remote};
use crate::books::{Body, Event, Lane, NewTask, OpenBlock, Payment, Settlement, View};
use crate::ids::PaymentId;
use crate::limits;
use crate::nano::{Account, BlockHash, Difficulty};
use crate::payment::{
    BlockIntent, Effect, Intent, Observation, Presented, PublishVia, Reference, Sight,
};
use crate::rails::nano as rail;
use crate::store::StoreError;
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
        let Some(intent) = payment.state.block() else {
            let detail = format!("payment {} holds the lane without a block", payment.id());
            return Err(StoreError::Corrupt { detail });
        };
        let attempt = intent.attempt;
        let sight = self.sight(intent).await;
        let observation = Observation::Network {
            sight: sight.clone(),
            now: self.clock().now(),
            published: self.published().get(&intent.hash()).copied(),
        };
        if let Some(pace) = self.drive_void(lane, payment, intent, &sight).await? {
            return Ok(pace);
        }
        let id = payment.id();
        match (self.parts.step)(&payment.state, &observation) {
            Effect::Publish { with_subtype } => {
                self.publish(intent, with_subtype, &payment.publish_via).await;
                Ok(Pace::After(self.confirming()))
            }
            Effect::Settle => {
                let next = lane.head;
                self.close(id, attempt, settled(payment, intent.hash().into())).await?;
                self.remotes.forget(id);
                self.prepare_work(intent.hash(), next);
                self.outbox.ring();
                Ok(Pace::Again)
            }
            Effect::Retry(rival) => {
                self.close(id, attempt, foreign::voided(payment, &sight, rival)).await?;
                Ok(Pace::Again)
            }
            Effect::Abandon(rival) => {
                self.close(id, attempt, foreign::abandoned(payment, rival)).await?;
                Ok(Pace::Again)
            }
            Effect::Present => {
                self.hand_over_cheque(payment, intent.hash());
                Ok(Pace::After(self.confirming()))
            }
            Effect::Cancel => match payment.state.cheque() {
                Some(cheque) => self.cancel_cheque(lane, payment, cheque).await,
                None => Ok(Pace::After(self.pause_after(&sight))),
            },
            Effect::Release => {
                let Sight::Rival(rival) = &sight else {
                    return Ok(Pace::After(self.pause_after(&sight)));
                };
                self.close(id, attempt, remote::lapsed(payment, rival.hash)).await?;
                self.remotes.forget(id);
                self.prepare_work(rival.hash, lane.head);
                Ok(Pace::Again)
            }
            Effect::MarkUnknown => {
                let waited = limits::UNKNOWN_AFTER.as_secs();
                let reason = format!("not confirmed within {waited} s; the wallet goes on looking");
                let unknown = Event::of(id, Body::PaymentUnknown { reason });
                self.close(id, attempt, vec![unknown]).await?;
                Ok(Pace::Again)
            }
            Effect::Expire | Effect::Nothing | Effect::Sign | Effect::Wait => {
                Ok(Pace::After(self.pause_after(&sight)))
            }
        }
    }

    /// Commits `events` if what was signed is still open: transaction B acts only on an intent.
    pub(super) async fn close(
        &self,
        id: PaymentId,
        attempt: u32,
        events: Vec<Event>,
    ) -> Result<(), StoreError> {
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let payment = view.payment(id)?;
            let open = payment.as_ref().and_then(|payment| payment.state.intent());
            let same = open.is_some_and(|intent| intent.attempt() == attempt);
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
        if payment.purchase.is_some() {
            return self.sign_cheque(payment, frontier).await;
        }
        self.sign_upon(payment.id(), frontier, |sent| Ok(Intent::Block(sent))).await
    }

    /// Signs a payment's send upon `frontier`, to be kept as `kept` makes it.
    pub(super) async fn sign_upon(
        &self,
        id: PaymentId,
        frontier: Frontier,
        kept: impl FnOnce(BlockIntent) -> Result<Intent, Unsigned> + Send + 'static,
    ) -> Result<Pace, StoreError> {
        let keystore = Arc::clone(&self.parts.keystore);
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let events = sign::sign_reserved(view, id, |grant, payment, attempt| {
                let account = payment.account.as_ref();
                let Some(lane) = account.map(|account| view.lane(account)).transpose()?.flatten()
                else {
                    return Ok(Err(Unsigned::Later));
                };
                let (request, now) = (&payment.request, view.now());
                let sent = sign::send(&keystore, grant, request, &lane, &frontier, attempt, now);
                Ok(sent.and_then(kept))
            })?;
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
        let wanted = self.work_wanted(intent);
        match self.parts.work.obtain_worth(block.block.root(), wanted).await {
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

    /// A receive needs a small part of a send's work, on an account of version 2. That of older ones needs more: it
    /// is made where that takes no time, and for a block that was published before and is on no node.
    fn work_wanted(&self, intent: &BlockIntent) -> Difficulty {
        let thresholds = self.network().thresholds();
        let wanted = thresholds.for_subtype(intent.subtype);
        let is_moment = thresholds.epoch_1.hashes_expected() <= limits::WORK_BATCH_HASHES;
        if is_moment || self.published().contains_key(&intent.hash()) {
            return wanted.max(thresholds.epoch_1);
        }
        wanted
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

/// The money has moved; what is to be done after it comes with the same commit.
pub(super) fn settled(payment: &Payment, reference: Reference) -> Vec<Event> {
    let rail = payment.request.rail;
    let settlement = Settlement { rail, reference, settled_amount: payment.request.amount };
    let mandate_id = payment.request.mandate_id.clone();
    let mut events = vec![Event::of(payment.id(), Body::PaymentSettled { settlement, mandate_id })];
    let tasks = payment.purpose.iter().flat_map(|purpose| purpose.after.iter().cloned());
    let tasks = tasks.chain(payment.state.presented().and_then(Presented::task_after));
    events.extend(
        tasks.map(|task| Event::of(payment.id(), Body::OutboxAdded(Box::new(NewTask { task })))),
    );
    events
}
