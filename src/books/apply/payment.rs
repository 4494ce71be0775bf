//! What the events of one payment do to the rows: its state, what it holds, its place in the lane's queue.

use super::lane::keeps_everything;
use super::{ApplyError, Fold, expect, misfit};
use crate::books::event::Body;
use crate::books::event_parts::{Channel, NewPayment, Settlement};
use crate::books::rows::Table;
use crate::books::tables::{
    Approval, Decided, HistoryEntry, HistoryKind, Idempotency, OpenBlock, Payment, Pin,
};
use crate::books::view::{EVERYBODY, REMOTE, agent_key, encode, likeness, pin_key, seq_key};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ids::{ApprovalId, PaymentId};
use crate::limits;
use crate::nano::BlockHash;
use crate::payment::{BlockIntent, Ending, IdempotencyKey, Intent, State};
use crate::policy::{BudgetError, Charge, Outcome, ReasonCode, Request};

impl Fold<'_> {
    pub(super) fn payment_event(&mut self, id: PaymentId, body: &Body) -> Result<(), ApplyError> {
        if let Body::PaymentRequested(new) = body {
            let NewPayment { request, account, fingerprint, .. } = &**new;
            if request.payment_id != id || self.view().payment(id)?.is_some() {
                return Err(misfit("payment.requested", "another or a known payment id"));
            }
            if account.is_none() && new.purchase.is_none() {
                return Err(misfit("payment.requested", "neither an account nor a purchase"));
            }
            self.requested(request, new.idempotency_key.as_ref(), *fingerprint)?;
            self.rows.put(Table::Calls, new.call_id.as_bytes(), encode(&id));
            self.take_subject(id, new.purpose.as_deref())?;
            let payment = Payment {
                request: request.clone(),
                operation: new.operation.clone(),
                account: *account,
                memo: new.memo.clone(),
                created_at_ms: self.at,
                first_seq: self.seq,
                decided: None,
                charge: None,
                state: State::Requested,
                publish_via: new.publish_via.clone(),
                purchase: new.purchase.clone(),
                purpose: new.purpose.clone(),
                void: None,
                disputed: None,
            };
            self.put_payment(&payment);
            return Ok(());
        }
        let mut payment = self
            .view()
            .payment(id)?
            .ok_or_else(|| misfit("a payment's event", "no such payment"))?;
        self.known_payment_event(&mut payment, body)?;
        self.put_payment(&payment);
        Ok(())
    }

    fn known_payment_event(
        &mut self,
        payment: &mut Payment,
        body: &Body,
    ) -> Result<(), ApplyError> {
        match body {
            Body::PolicyDecided {
                outcome,
                reason_code,
                reason,
                rules,
                would_pass,
                mandate_version,
                charge,
                remaining,
                ..
            } => {
                payment.decided = Some(Decided {
                    reason_code: *reason_code,
                    reason: reason.clone(),
                    rules: rules.iter().map(ToString::to_string).collect(),
                    would_pass: would_pass.clone(),
                    mandate_version: *mandate_version,
                    remaining: remaining.clone(),
                });
                self.decided(payment, *outcome, *charge)
            }
            Body::ApprovalRequested { approval_id, reason, expires_at_ms } => {
                self.approval_requested(payment, *approval_id, reason, *expires_at_ms)
            }
            Body::ApprovalAsked { .. } => self.host_asked(payment, body),
            Body::ApprovalResolved { .. } => self.resolved(payment, body),
            Body::ApprovalExpired { approval_id, .. } => self.answered(payment, *approval_id),
            Body::PaymentBlocked { reason_code, reason } => {
                self.release(payment, Ending::Denied, *reason_code, reason)
            }
            Body::PaymentFailed { reason_code, reason } => {
                expect(payment, "payment.failed", matches!(payment.state, State::Reserved { .. }))?;
                self.release(payment, Ending::Failed, *reason_code, reason)
            }
            Body::PaymentReleased { reason_code, reason, .. } => {
                expect(payment, "payment.released", payment.state.intent().is_some())?;
                self.release(payment, Ending::Failed, *reason_code, reason)
            }
            Body::PaymentIntent { intent, .. } => self.payment_intent(payment, intent),
            Body::PaymentUnknown { .. } => {
                let State::Intent(intent) = &payment.state else {
                    return Err(misfit("payment.unknown", "no open intent"));
                };
                payment.state = State::Unknown(intent.clone());
                Ok(())
            }
            Body::PaymentCancelling { block_hash, intent } => {
                self.payment_cancelling(payment, block_hash, intent)
            }
            Body::PaymentVoided { .. } => {
                let Some(Intent::Block(intent)) = payment.state.intent() else {
                    return Err(misfit("payment.voided", "no open block of our own to publish"));
                };
                let attempts = intent.attempt;
                self.free_lane(payment)?;
                payment.void = None;
                payment.state = State::Reserved { attempts };
                Ok(())
            }
            Body::PaymentSettled { settlement, .. } => self.settled(payment, settlement),
            Body::PaymentDisputed(found) => self.disputed(payment, found),
            other => Err(misfit("a payment's event", &format!("{other:?}"))),
        }
    }

    fn requested(
        &mut self,
        request: &Request,
        key: Option<&IdempotencyKey>,
        fingerprint: Digest,
    ) -> Result<(), ApplyError> {
        let agent = request.agent_id.as_deref();
        self.remember_time(agent)?;
        if let Some(key) = key {
            let row_key = agent_key(agent, key.as_str().as_bytes());
            if self.rows.get(Table::Idempotency, &row_key)?.is_some() {
                return Err(misfit("payment.requested", "the idempotency key is taken"));
            }
            let row = Idempotency { payment_id: request.payment_id, fingerprint };
            self.rows.put(Table::Idempotency, &row_key, encode(&row));
        }
        self.tally_requested(request)?;
        self.count(|counters| counters.requested += 1)
    }

    /// As many times as the rate limit looks at, so that a decision costs the same however many went before.
    fn remember_time(&mut self, agent: Option<&str>) -> Result<(), ApplyError> {
        let Some(policy) = self.view().policy()?.map(|row| row.policy) else { return Ok(()) };
        let times = self.view().recent_requests(agent)?;
        let now = self.view().budget_time()?;
        self.put_times(&agent_key(agent, &[]), times, now, policy.payments_per_minute);
        let times = self.view().all_recent_requests()?;
        self.put_times(EVERYBODY, times, now, policy.payments_per_minute_overall);
        Ok(())
    }

    fn put_times(&mut self, key: &[u8], mut times: Vec<Millis>, now: Millis, limit: u32) {
        if limit == 0 {
            return;
        }
        times.push(now);
        let surplus = times.len().saturating_sub(limit as usize);
        times.drain(..surplus);
        self.rows.put(Table::Rates, key, encode(&times));
    }

    fn decided(
        &mut self,
        payment: &mut Payment,
        outcome: Outcome,
        charge: Option<Charge>,
    ) -> Result<(), ApplyError> {
        if payment.state != State::Requested || outcome == Outcome::Deny {
            // A later look only changes what is shown; a denial is booked by `payment.blocked`.
            return Ok(());
        }
        self.hold(payment)?;
        self.tally_held(payment)?;
        self.hold_charge(payment, charge)?;
        self.remember_lookalike(payment)?;
        if outcome == Outcome::Allow {
            self.enqueue(payment)?;
        }
        Ok(())
    }

    fn resolved(&mut self, payment: &mut Payment, body: &Body) -> Result<(), ApplyError> {
        let Body::ApprovalResolved { approval_id, approved, channel, call_id, .. } = body else {
            return Err(misfit("approval.resolved", &format!("{body:?}")));
        };
        self.answered(payment, *approval_id)?;
        if let Some(call_id) = call_id {
            self.rows.put(Table::Calls, call_id.as_bytes(), encode(&payment.id()));
        }
        if *approved && *channel == Channel::Host {
            self.host_approved(payment)?;
        }
        if *approved {
            self.enqueue(payment)?;
        }
        Ok(())
    }

    fn approval_requested(
        &mut self,
        payment: &mut Payment,
        approval_id: ApprovalId,
        reason: &str,
        expires_at_ms: Millis,
    ) -> Result<(), ApplyError> {
        expect(payment, "approval.requested", payment.state == State::Requested)?;
        let row = Approval {
            payment_id: payment.id(),
            reason: reason.to_owned(),
            asked_at_ms: self.at,
            expires_at_ms,
        };
        self.rows.put(Table::Approvals, approval_id.as_bytes(), encode(&row));
        self.tally_asked(payment)?;
        payment.state = State::Awaiting { approval_id, expires_at_ms };
        self.count(|counters| counters.approvals_waiting += 1)
    }

    /// The question is closed; an event that follows says what becomes of the payment.
    fn answered(&mut self, payment: &Payment, id: ApprovalId) -> Result<(), ApplyError> {
        let asked =
            matches!(payment.state, State::Awaiting { approval_id, .. } if approval_id == id);
        expect(payment, "the answer to an approval", asked)?;
        self.rows.delete(Table::Approvals, id.as_bytes());
        self.tally_answered(payment)?;
        self.count(|counters| counters.approvals_waiting -= 1)
    }

    /// Allowed: held already, and now in the lane's queue, or in that of payments without one.
    fn enqueue(&mut self, payment: &mut Payment) -> Result<(), ApplyError> {
        payment.state = State::Reserved { attempts: 0 };
        self.rows.put(Table::Queue, &queue_key(payment), encode(&payment.id()));
        match &payment.account {
            Some(account) => self.with_lane(account, |lane| lane.queued += 1),
            None => Ok(()),
        }
    }

    fn payment_intent(&mut self, payment: &mut Payment, intent: &Intent) -> Result<(), ApplyError> {
        let State::Reserved { attempts } = payment.state else {
            return Err(misfit("payment.intent", "the payment is not waiting to be signed"));
        };
        let with_purchase = !matches!(intent, Intent::Block(_));
        if intent.attempt() != attempts + 1 || with_purchase != payment.purchase.is_some() {
            return Err(misfit("payment.intent", "what was signed does not fit the payment"));
        }
        match (intent.block(), &payment.account) {
            (Some(block), Some(_)) => self.block_intent(payment, block)?,
            (None, None) => {}
            _ => {
                return Err(misfit("payment.intent", "a block needs an account, a proof has none"));
            }
        }
        self.pin(payment);
        payment.state = State::Intent(Box::new(intent.clone()));
        Ok(())
    }

    fn block_intent(&mut self, payment: &Payment, intent: &BlockIntent) -> Result<(), ApplyError> {
        let block = &intent.block.block;
        let mut lane = self.lane(&block.account)?;
        let place_is_free = lane.open.is_none() && block.previous == lane.head;
        let amount_fits = Some(intent.amount_raw) == payment.request.amount.as_raw()
            && lane.balance.checked_sub(intent.amount_raw) == Some(block.balance);
        if payment.account != Some(block.account) || !place_is_free || !amount_fits {
            return Err(misfit("payment.intent", "the block does not fit lane or payment"));
        }
        lane.open = Some(OpenBlock::Payment(payment.id()));
        self.put_lane(&lane);
        self.own_block(intent.hash());
        Ok(())
    }

    /// From the first signature on, a seller is known by whom it has paid.
    fn pin(&mut self, payment: &Payment) {
        let request = &payment.request;
        if let (Some(terms), Some(origin)) = (&request.terms, request.origin()) {
            let pin = Pin { pay_to: terms.pay_to.clone(), since_ms: self.at };
            self.rows.put(Table::Pins, &pin_key(origin, &terms.network), encode(&pin));
        }
    }

    /// The empty block keeps the balance and takes the place of the one in the payee's hands; either may win.
    fn payment_cancelling(
        &mut self,
        payment: &mut Payment,
        hash: &BlockHash,
        cancel: &BlockIntent,
    ) -> Result<(), ApplyError> {
        let lane = self.lane(&cancel.block.block.account)?;
        let ours = payment.account == Some(lane.account) && keeps_everything(&lane, cancel);
        let may_be_voided = !payment.publish_via.is_node() || payment.sign_before_ms().is_some();
        match &mut payment.state {
            State::Intent(intent) | State::Unknown(intent) => match &mut **intent {
                Intent::Cheque(cheque)
                    if ours && cheque.cancel.is_none() && cheque.sent.hash() == *hash =>
                {
                    cheque.cancel = Some(cancel.clone());
                }
                Intent::Block(open)
                    if ours && payment.void.is_none() && may_be_voided && open.hash() == *hash =>
                {
                    payment.void = Some(Box::new(cancel.clone()));
                }
                _ => return Err(misfit("payment.cancelling", "the block does not fit")),
            },
            _ => return Err(misfit("payment.cancelling", "nothing is in the payee's hands")),
        }
        self.own_block(cancel.hash());
        Ok(())
    }

    fn settled(&mut self, payment: &mut Payment, paid: &Settlement) -> Result<(), ApplyError> {
        let Some(intent) = payment.state.intent().cloned() else {
            return Err(misfit("payment.settled", "nothing was signed"));
        };
        let block = intent.block();
        if block.is_some_and(|block| paid.reference.block() != Some(block.hash())) {
            return Err(misfit("payment.settled", "another block than the open one"));
        }
        if paid.settled_amount != payment.request.amount {
            return Err(misfit("payment.settled", "another amount than was asked"));
        }
        let currency = payment.request.amount.currency;
        let mut budget = self.view().budget(currency)?;
        budget.settle(payment.request.amount.amount)?;
        self.rows.put(Table::Budgets, currency.as_str().as_bytes(), encode(&budget));
        self.tally_settled(payment)?;
        self.settle_charge(payment)?;
        self.unreserve_lane(payment)?;
        if let (Some(block), Some(account)) = (block, payment.account) {
            self.free_lane(payment)?;
            self.advance(&account, block)?;
            let entry = HistoryEntry {
                kind: HistoryKind::Send,
                amount: block.amount_raw,
                counterparty: block.block.block.link.as_account(),
                block_hash: block.hash(),
                at_ms: self.at,
                payment_id: Some(payment.id()),
                memo: payment.memo.clone(),
                foreign: false,
            };
            self.put_history(&account, &entry);
        }
        self.dequeue(payment)?;
        self.note_order(payment, &paid.reference);
        payment.void = None;
        payment.state = State::Settled { reference: paid.reference.clone(), at_ms: self.at };
        self.count(|counters| counters.settled += 1)
    }

    /// Ends a payment without money moved; gives back exactly what it held.
    fn release(
        &mut self,
        payment: &mut Payment,
        ending: Ending,
        reason_code: ReasonCode,
        reason: &str,
    ) -> Result<(), ApplyError> {
        expect(payment, "a release", !payment.state.is_final())?;
        let denied_while_open = ending == Ending::Denied && payment.state.intent().is_some();
        expect(payment, "a denial", !denied_while_open)?;
        self.tally_released(payment, ending, reason_code)?;
        if payment.state.holds_reservation() {
            let currency = payment.request.amount.currency;
            let mut budget = self.view().budget(currency)?;
            budget.release(payment.request.amount.amount)?;
            self.rows.put(Table::Budgets, currency.as_str().as_bytes(), encode(&budget));
            self.release_charge(payment)?;
            self.unreserve_lane(payment)?;
        }
        if payment.state.block().is_some() {
            self.free_lane(payment)?;
        }
        if payment.state.intent().is_some() || matches!(payment.state, State::Reserved { .. }) {
            self.dequeue(payment)?;
        }
        payment.void = None;
        payment.state = State::Released { ending, reason_code, reason: reason.to_owned() };
        self.count(|counters| match ending {
            Ending::Denied => counters.denied += 1,
            Ending::Failed => counters.failed += 1,
        })
    }

    fn hold(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let amount = payment.request.amount;
        let mut budget = self.view().budget(amount.currency)?;
        budget.reserve(amount.amount)?;
        self.rows.put(Table::Budgets, amount.currency.as_str().as_bytes(), encode(&budget));
        if let (Some(raw), Some(account)) = (amount.as_raw(), &payment.account) {
            let mut lane = self.lane(account)?;
            lane.reserved = lane.reserved.checked_add(raw).ok_or(BudgetError::Overflow)?;
            self.put_lane(&lane);
        }
        Ok(())
    }

    fn dequeue(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        self.rows.delete(Table::Queue, &queue_key(payment));
        match &payment.account {
            Some(account) => self.with_lane(account, |lane| lane.queued -= 1),
            None => Ok(()),
        }
    }

    fn remember_lookalike(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let purchase = payment.purchase.as_ref();
        let mut ids = self.view().lookalikes(&payment.request, purchase)?;
        ids.push(payment.id());
        let surplus = ids.len().saturating_sub(limits::LOOKALIKES);
        ids.drain(..surplus);
        let key = likeness(&payment.request, purchase);
        self.rows.put(Table::Duplicates, &key.0, encode(&ids));
        Ok(())
    }

    fn put_payment(&mut self, payment: &Payment) {
        self.rows.put(Table::Payments, payment.id().as_bytes(), encode(payment));
    }

    fn unreserve_lane(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let (Some(raw), Some(account)) = (payment.request.amount.as_raw(), &payment.account) else {
            return Ok(());
        };
        let mut lane = self.lane(account)?;
        let refused = BudgetError::NotReserved { reserved: lane.reserved.get(), asked: raw.get() };
        lane.reserved = lane.reserved.checked_sub(raw).ok_or(refused)?;
        self.put_lane(&lane);
        Ok(())
    }

    fn free_lane(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let nowhere = || misfit("the end of a block", "the payment has no account");
        let mut lane = self.lane(&payment.account.ok_or_else(nowhere)?)?;
        if lane.open != Some(OpenBlock::Payment(payment.id())) {
            return Err(misfit("the end of a block", "the lane is not held by this payment"));
        }
        lane.open = None;
        self.put_lane(&lane);
        Ok(())
    }
}

/// Payments of a lane stand behind its account, those without one behind nobody's.
fn queue_key(payment: &Payment) -> Vec<u8> {
    let lane = payment.account.as_ref().map_or(REMOTE, |account| account.as_bytes());
    seq_key(lane, payment.first_seq)
}
