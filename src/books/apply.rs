//! The fold: what each event does to the rows. Assertions stay on: books that do not add up must not go on.

use super::event::{Body, Event, Settlement};
use super::rows::{RowsError, RowsMut, Table};
use super::tables::{
    Approval, Counters, Decided, Freeze, HistoryEntry, HistoryKind, Idempotency, Lane, OpenBlock,
    Payment, PolicyInForce, Receive, Wallet,
};
use super::view::{
    COUNTERS, FREEZE, OPERATOR, POLICY, View, WALLET, agent_key, encode, lookalike_key, seq_key,
};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ids::{ApprovalId, PaymentId};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link};
use crate::payment::{BlockIntent, Ending, IdempotencyKey, State};
use crate::policy::{BudgetError, Outcome, ReasonCode, Request};

/// Why an event cannot be booked. Nothing was written that the caller must keep.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// A budget would not add up.
    #[error("the budget does not add up: {0}")]
    Budget(#[from] BudgetError),
    /// The event does not fit the state it meets.
    #[error("{what} does not fit: {detail}")]
    Misfit {
        /// The event's kind.
        what: &'static str,
        /// What it met.
        detail: String,
    },
    /// A row cannot be read.
    #[error(transparent)]
    Rows(#[from] RowsError),
}

/// Books one event that has the place `seq` and the time `at`.
///
/// # Errors
/// When the event does not fit; the rows must then be thrown away.
pub fn apply(
    rows: &mut dyn RowsMut,
    seq: u64,
    at: Millis,
    event: &Event,
) -> Result<(), ApplyError> {
    let mut fold = Fold { rows, seq, at };
    if let Some(id) = event.payment_id {
        fold.rows.put(Table::Trail, &seq_key(id.as_bytes(), seq), b"0".to_vec());
    }
    match event.payment_id {
        Some(id) => fold.payment_event(id, &event.body),
        None => fold.wallet_event(&event.body),
    }
}

struct Fold<'a> {
    rows: &'a mut dyn RowsMut,
    seq: u64,
    at: Millis,
}

impl Fold<'_> {
    fn wallet_event(&mut self, body: &Body) -> Result<(), ApplyError> {
        match body {
            Body::WalletCreated { wallet_id, network, ledger_key } => {
                let wallet = Wallet {
                    wallet_id: *wallet_id,
                    network: *network,
                    ledger_key: ledger_key.clone(),
                    created_at_ms: self.at,
                };
                self.rows.put(Table::Singles, WALLET, encode(&wallet));
            }
            Body::PolicyLoaded { policy, .. } => {
                let row = PolicyInForce { policy: policy.clone(), since_ms: self.at };
                self.rows.put(Table::Singles, POLICY, encode(&row));
            }
            Body::OperatorSet { verifier } => {
                self.rows.put(Table::Singles, OPERATOR, encode(verifier));
            }
            Body::WalletFrozen { reason } => {
                let row = Freeze { reason: reason.clone(), since_ms: self.at };
                self.rows.put(Table::Singles, FREEZE, encode(&row));
            }
            Body::WalletUnfrozen {} => self.rows.delete(Table::Singles, FREEZE),
            Body::AccountAdded { index, account } => self.account_added(*index, *account)?,
            Body::LaneAdvanced { account, block_hash } => {
                self.with_lane(account, |lane| lane.head = *block_hash)?;
            }
            Body::LaneFrozen { account, reason, .. } => {
                self.with_lane(account, |lane| lane.frozen = Some(reason.clone()))?;
            }
            Body::LaneUnfrozen { account } => self.with_lane(account, |lane| lane.frozen = None)?,
            Body::ReceiveIntent { source, sender, intent, .. } => {
                self.receive_intent(*source, *sender, intent)?;
            }
            Body::FundsReceived { account, .. } => self.funds_received(account)?,
            Body::ReceiveVoided { account, block_hash, .. } => {
                self.close_receive(account, block_hash)?;
            }
            Body::RateLimited { .. } => {}
            other => return Err(misfit("an event without a payment", &format!("{other:?}"))),
        }
        Ok(())
    }

    fn payment_event(&mut self, id: PaymentId, body: &Body) -> Result<(), ApplyError> {
        if let Body::PaymentRequested {
            operation,
            request,
            account,
            memo,
            call_id,
            idempotency_key,
            fingerprint,
        } = body
        {
            if request.payment_id != id || self.view().payment(id)?.is_some() {
                return Err(misfit("payment.requested", "another or a known payment id"));
            }
            self.requested(request, idempotency_key.as_ref(), *fingerprint)?;
            self.rows.put(Table::Calls, call_id.as_bytes(), encode(&id));
            let payment = Payment {
                request: request.clone(),
                operation: operation.clone(),
                account: *account,
                memo: memo.clone(),
                created_at_ms: self.at,
                first_seq: self.seq,
                decided: None,
                state: State::Requested,
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
            Body::PolicyDecided { outcome, reason_code, reason, rules, would_pass, .. } => {
                payment.decided = Some(Decided {
                    reason_code: *reason_code,
                    reason: reason.clone(),
                    rules: rules.iter().map(ToString::to_string).collect(),
                    would_pass: would_pass.clone(),
                });
                self.decided(payment, *outcome)
            }
            Body::ApprovalRequested { approval_id, reason, expires_at_ms } => {
                self.approval_requested(payment, *approval_id, reason, *expires_at_ms)
            }
            Body::ApprovalResolved { approval_id, approved, .. } => {
                self.answered(payment, *approval_id)?;
                if *approved {
                    self.enqueue(payment)?;
                }
                Ok(())
            }
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
            Body::PaymentVoided { .. } => {
                let Some(intent) = payment.state.intent() else {
                    return Err(misfit("payment.voided", "no open intent"));
                };
                let attempts = intent.attempt;
                self.free_lane(payment)?;
                payment.state = State::Reserved { attempts };
                Ok(())
            }
            Body::PaymentSettled { settlement, .. } => self.settled(payment, settlement),
            other => Err(misfit("a payment's event", &format!("{other:?}"))),
        }
    }

    fn account_added(&mut self, index: u32, account: Account) -> Result<(), ApplyError> {
        if self.view().lane(&account)?.is_some() {
            return Err(misfit("account.added", "the account is known"));
        }
        let lane = Lane {
            index,
            account,
            head: BlockHash::ZERO,
            balance: Raw::ZERO,
            reserved: Raw::ZERO,
            queued: 0,
            open: None,
            frozen: None,
        };
        self.put_lane(&lane);
        Ok(())
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
        self.count(|counters| counters.requested += 1)
    }

    /// As many times as the rate limit looks at, so that a decision costs the same however many went before.
    fn remember_time(&mut self, agent: Option<&str>) -> Result<(), ApplyError> {
        let policy = self.view().policy()?.map(|row| row.policy);
        let keep = policy.map_or(0, |policy| policy.payments_per_minute) as usize;
        if keep == 0 {
            return Ok(());
        }
        let mut times = self.view().recent_requests(agent)?;
        times.push(self.at);
        let surplus = times.len().saturating_sub(keep);
        times.drain(..surplus);
        self.rows.put(Table::Rates, &agent_key(agent, &[]), encode(&times));
        Ok(())
    }

    fn decided(&mut self, payment: &mut Payment, outcome: Outcome) -> Result<(), ApplyError> {
        if payment.state != State::Requested || outcome == Outcome::Deny {
            // A later look only changes what is shown; a denial is booked by `payment.blocked`.
            return Ok(());
        }
        self.hold(payment)?;
        self.remember_lookalike(payment)?;
        if outcome == Outcome::Allow {
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
        payment.state = State::Awaiting { approval_id, expires_at_ms };
        self.count(|counters| counters.approvals_waiting += 1)
    }

    /// The question is closed; an event that follows says what becomes of the payment.
    fn answered(&mut self, payment: &Payment, id: ApprovalId) -> Result<(), ApplyError> {
        let asked =
            matches!(payment.state, State::Awaiting { approval_id, .. } if approval_id == id);
        expect(payment, "the answer to an approval", asked)?;
        self.rows.delete(Table::Approvals, id.as_bytes());
        self.count(|counters| counters.approvals_waiting -= 1)
    }

    /// Allowed: held already, and now in the lane's queue.
    fn enqueue(&mut self, payment: &mut Payment) -> Result<(), ApplyError> {
        payment.state = State::Reserved { attempts: 0 };
        let key = seq_key(payment.account.as_bytes(), payment.first_seq);
        self.rows.put(Table::Queue, &key, encode(&payment.id()));
        self.with_lane(&payment.account, |lane| lane.queued += 1)
    }

    fn payment_intent(
        &mut self,
        payment: &mut Payment,
        intent: &BlockIntent,
    ) -> Result<(), ApplyError> {
        let State::Reserved { attempts } = payment.state else {
            return Err(misfit("payment.intent", "the payment is not waiting for its lane"));
        };
        let block = &intent.block.block;
        let mut lane = self.lane(&payment.account)?;
        let place_is_free = lane.open.is_none() && block.previous == lane.head;
        let amount_fits = Some(intent.amount_raw) == payment.request.amount.as_raw()
            && lane.balance.checked_sub(intent.amount_raw) == Some(block.balance);
        if !place_is_free || !amount_fits || intent.attempt != attempts + 1 {
            return Err(misfit("payment.intent", "the block does not fit lane or payment"));
        }
        lane.open = Some(OpenBlock::Payment(payment.id()));
        self.put_lane(&lane);
        self.own_block(intent.hash());
        payment.state = State::Intent(Box::new(intent.clone()));
        Ok(())
    }

    fn settled(&mut self, payment: &mut Payment, paid: &Settlement) -> Result<(), ApplyError> {
        let intent = payment.state.intent().filter(|intent| intent.hash() == paid.reference);
        let Some(intent) = intent.cloned() else {
            return Err(misfit("payment.settled", "another block than the open one"));
        };
        if paid.settled_amount != payment.request.amount {
            return Err(misfit("payment.settled", "another amount than was asked"));
        }
        let currency = payment.request.amount.currency;
        let mut budget = self.view().budget(currency)?;
        budget.settle(payment.request.amount.amount)?;
        self.rows.put(Table::Budgets, currency.as_str().as_bytes(), encode(&budget));
        self.unreserve_lane(payment)?;
        self.free_lane(payment)?;
        self.advance(&payment.account, &intent)?;
        self.dequeue(payment)?;
        let entry = HistoryEntry {
            kind: HistoryKind::Send,
            amount: intent.amount_raw,
            counterparty: intent.block.block.link.as_account(),
            block_hash: intent.hash(),
            at_ms: self.at,
            payment_id: Some(payment.id()),
            memo: payment.memo.clone(),
        };
        self.put_history(&payment.account, &entry);
        payment.state = State::Settled { block_hash: intent.hash(), at_ms: self.at };
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
        if payment.state.holds_reservation() {
            let currency = payment.request.amount.currency;
            let mut budget = self.view().budget(currency)?;
            budget.release(payment.request.amount.amount)?;
            self.rows.put(Table::Budgets, currency.as_str().as_bytes(), encode(&budget));
            self.unreserve_lane(payment)?;
        }
        if payment.state.intent().is_some() {
            self.free_lane(payment)?;
        }
        if payment.state.intent().is_some() || matches!(payment.state, State::Reserved { .. }) {
            self.dequeue(payment)?;
        }
        payment.state = State::Released { ending, reason_code, reason: reason.to_owned() };
        self.count(|counters| match ending {
            Ending::Denied => counters.denied += 1,
            Ending::Failed => counters.failed += 1,
        })
    }

    fn receive_intent(
        &mut self,
        source: BlockHash,
        sender: Account,
        intent: &BlockIntent,
    ) -> Result<(), ApplyError> {
        let block = &intent.block.block;
        let mut lane = self.lane(&block.account)?;
        let fits = lane.open.is_none()
            && block.previous == lane.head
            && block.link == Link::from(source)
            && lane.balance.checked_add(intent.amount_raw) == Some(block.balance);
        if !fits {
            return Err(misfit("receive.intent", "the block does not fit the lane"));
        }
        let receive = Receive { source, sender, intent: intent.clone() };
        lane.open = Some(OpenBlock::Receive(Box::new(receive)));
        self.put_lane(&lane);
        self.own_block(intent.hash());
        Ok(())
    }

    fn funds_received(&mut self, account: &Account) -> Result<(), ApplyError> {
        let lane = self.lane(account)?;
        let Some(OpenBlock::Receive(receive)) = lane.open else {
            return Err(misfit("funds.received", "no open receive"));
        };
        self.close_receive(account, &receive.intent.hash())?;
        self.advance(account, &receive.intent)?;
        let entry = HistoryEntry {
            kind: HistoryKind::Receive,
            amount: receive.intent.amount_raw,
            counterparty: receive.sender,
            block_hash: receive.intent.hash(),
            at_ms: self.at,
            payment_id: None,
            memo: None,
        };
        self.put_history(account, &entry);
        Ok(())
    }

    fn close_receive(&mut self, account: &Account, hash: &BlockHash) -> Result<(), ApplyError> {
        let mut lane = self.lane(account)?;
        match &lane.open {
            Some(OpenBlock::Receive(receive)) if receive.intent.hash() == *hash => {}
            _ => return Err(misfit("the end of a receive", "another block is open")),
        }
        lane.open = None;
        self.put_lane(&lane);
        Ok(())
    }

    fn hold(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let amount = payment.request.amount;
        let mut budget = self.view().budget(amount.currency)?;
        budget.reserve(amount.amount)?;
        self.rows.put(Table::Budgets, amount.currency.as_str().as_bytes(), encode(&budget));
        if let Some(raw) = amount.as_raw() {
            let mut lane = self.lane(&payment.account)?;
            lane.reserved = lane.reserved.checked_add(raw).ok_or(BudgetError::Overflow)?;
            self.put_lane(&lane);
        }
        Ok(())
    }

    fn unreserve_lane(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let Some(raw) = payment.request.amount.as_raw() else { return Ok(()) };
        let mut lane = self.lane(&payment.account)?;
        let refused = BudgetError::NotReserved { reserved: lane.reserved.get(), asked: raw.get() };
        lane.reserved = lane.reserved.checked_sub(raw).ok_or(refused)?;
        self.put_lane(&lane);
        Ok(())
    }

    fn free_lane(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let mut lane = self.lane(&payment.account)?;
        if lane.open != Some(OpenBlock::Payment(payment.id())) {
            return Err(misfit("the end of a block", "the lane is not held by this payment"));
        }
        lane.open = None;
        self.put_lane(&lane);
        Ok(())
    }

    fn dequeue(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let key = seq_key(payment.account.as_bytes(), payment.first_seq);
        self.rows.delete(Table::Queue, &key);
        self.with_lane(&payment.account, |lane| lane.queued -= 1)
    }

    /// The confirmed block becomes the head our next block builds on.
    fn advance(&mut self, account: &Account, intent: &BlockIntent) -> Result<(), ApplyError> {
        self.with_lane(account, |lane| {
            lane.head = intent.hash();
            lane.balance = intent.block.block.balance;
        })
    }

    fn remember_lookalike(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let request = &payment.request;
        let agent = request.agent_id.as_deref();
        let mut ids = self.view().lookalikes(agent, &request.payee.address, &request.amount)?;
        ids.push(payment.id());
        let surplus = ids.len().saturating_sub(limits::LOOKALIKES);
        ids.drain(..surplus);
        let key = lookalike_key(agent, &request.payee.address, &request.amount);
        self.rows.put(Table::Duplicates, &key.0, encode(&ids));
        Ok(())
    }

    fn view(&self) -> View<'_> {
        View::new(&*self.rows, self.at)
    }

    fn lane(&self, account: &Account) -> Result<Lane, ApplyError> {
        self.view().lane(account)?.ok_or_else(|| misfit("a block", "no such account"))
    }

    fn with_lane(
        &mut self,
        account: &Account,
        change: impl FnOnce(&mut Lane),
    ) -> Result<(), ApplyError> {
        let mut lane = self.lane(account)?;
        change(&mut lane);
        self.put_lane(&lane);
        Ok(())
    }

    fn count(&mut self, change: impl FnOnce(&mut Counters)) -> Result<(), ApplyError> {
        let mut counters = self.view().counters()?;
        change(&mut counters);
        self.rows.put(Table::Singles, COUNTERS, encode(&counters));
        Ok(())
    }

    fn put_lane(&mut self, lane: &Lane) {
        self.rows.put(Table::Lanes, lane.account.as_bytes(), encode(lane));
    }

    fn put_payment(&mut self, payment: &Payment) {
        self.rows.put(Table::Payments, payment.id().as_bytes(), encode(payment));
    }

    fn put_history(&mut self, account: &Account, entry: &HistoryEntry) {
        self.rows.put(Table::History, &seq_key(account.as_bytes(), self.seq), encode(entry));
    }

    fn own_block(&mut self, hash: BlockHash) {
        self.rows.put(Table::Blocks, hash.as_bytes(), b"0".to_vec());
    }
}

fn expect(payment: &Payment, what: &'static str, fits: bool) -> Result<(), ApplyError> {
    if fits {
        Ok(())
    } else {
        Err(misfit(what, &format!("payment {} is {:?}", payment.id(), payment.state.status())))
    }
}

fn misfit(what: &'static str, detail: &str) -> ApplyError {
    ApplyError::Misfit { what, detail: detail.to_owned() }
}
