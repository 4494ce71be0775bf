//! What is wrong with a payment that was settled: kept with it, and whatever it took beyond its amount counted as spent.
//!
//! Nothing here gives budget back: what was charged less than decided stays counted.

use super::{ApplyError, Fold, expect, misfit};
use crate::books::event_parts::Disputed;
use crate::books::rows::Table;
use crate::books::tables::Payment;
use crate::books::view::encode;
use crate::money::Money;
use crate::payment::State;

impl Fold<'_> {
    pub(super) fn disputed(
        &mut self,
        payment: &mut Payment,
        found: &Disputed,
    ) -> Result<(), ApplyError> {
        let is_first = payment.disputed.is_none();
        let is_settled = matches!(payment.state, State::Settled { .. });
        expect(payment, "payment.disputed", is_settled && is_first)?;
        if let Some(charged) = found.charged {
            let more = charged.beyond(payment.request.amount);
            self.spend_more(payment, more.ok_or_else(no_more)?)?;
        }
        payment.disputed = Some(found.clone());
        self.count(|counters| counters.disputed += 1)
    }

    /// Counts what was taken beyond a settled payment's amount, as if it had been held and settled.
    fn spend_more(&mut self, payment: &Payment, more: Money) -> Result<(), ApplyError> {
        let mut budget = self.view().budget(more.currency)?;
        budget.reserve(more.amount)?;
        budget.settle(more.amount)?;
        self.rows.put(Table::Budgets, more.currency.as_str().as_bytes(), encode(&budget));
        self.tally_more(payment, more)?;
        self.charge_more(payment, more)
    }
}

fn no_more() -> ApplyError {
    misfit("payment.disputed", "no more was charged than was decided on")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::apply;
    use super::super::tests::purchase;
    use super::*;
    use crate::books::{Body, DecidedStage, Event, MemoryRows, NewPayment, Settlement, View};
    use crate::clock::Millis;
    use crate::digest::Digest;
    use crate::ids::PaymentId;
    use crate::money::Currency;
    use crate::payment::{Intent, Presented, Proof, PublishVia};
    use crate::policy::{Charge, Claims, Outcome, Payee, Rail, ReasonCode, Request};

    const ID: PaymentId = PaymentId(Uuid::nil());

    fn usd(amount: u128) -> Money {
        Money { amount, currency: "USD".parse().unwrap() }
    }

    fn requested() -> NewPayment {
        NewPayment {
            operation: "pay_checkout".to_owned(),
            request: Request {
                payment_id: ID,
                agent_id: None,
                rail: Rail::Acp,
                amount: usd(500),
                payee: Payee { address: "https://shop.example".to_owned(), label: None },
                mandate_id: Some("tea".to_owned()),
                claims: Claims::default(),
                cart: None,
                terms: None,
            },
            account: None,
            memo: None,
            call_id: Uuid::nil(),
            idempotency_key: None,
            fingerprint: Digest::of(b""),
            publish_via: PublishVia::Node,
            purchase: Some(purchase()),
            purpose: None,
        }
    }

    /// A card payment of 5 USD under a mandate, settled.
    fn settled() -> MemoryRows {
        let currency = usd(0).currency;
        let decided = Body::PolicyDecided {
            stage: DecidedStage::New,
            outcome: Outcome::Allow,
            reason_code: ReasonCode::Allowed,
            reason: String::new(),
            rules: Vec::new(),
            would_pass: None,
            policy_hash: Digest::of(b""),
            mandate_version: Some(1),
            charge: Some(Charge { currency, units: 5_000_000 }),
            remaining: Vec::new(),
        };
        let proof = Proof::Completion { idempotency_key: "c".into(), token_key: "t".into() };
        let (made_at_ms, valid_until_ms) = (Millis(1), Millis(2));
        let proof = Presented { attempt: 1, proof, made_at_ms, valid_until_ms };
        let reference = "order_1".to_owned().try_into().unwrap();
        let settlement = Settlement { rail: Rail::Acp, reference, settled_amount: usd(500) };
        let mut rows = MemoryRows::default();
        let events = [
            Body::PaymentRequested(Box::new(requested())),
            decided,
            Body::PaymentIntent { block_hash: None, intent: Intent::Presented(proof) },
            Body::PaymentSettled { settlement, mandate_id: Some("tea".to_owned()) },
        ];
        for (seq, body) in (1..).zip(events) {
            apply(&mut rows, seq, Millis(seq), &Event::of(ID, body)).unwrap();
        }
        rows
    }

    fn dispute(rows: &mut MemoryRows, charged: Option<Money>) -> Result<(), ApplyError> {
        let body = Body::PaymentDisputed(Disputed { charged, reason: "why".to_owned() });
        apply(rows, 9, Millis(9), &Event::of(ID, body))
    }

    /// Settled in all, under the mandate in millionths, and how many payments that were.
    fn spent(rows: &MemoryRows, currency: Currency) -> (u128, u128, u64) {
        let view = View::new(rows, Millis(9));
        let under = view.mandate_budget("tea", currency).unwrap();
        let tally = view.tally().unwrap();
        let all = view.budget(currency).unwrap().settled;
        assert_eq!((tally.settled, tally.by_currency[&currency].settled), (1, all));
        (all, under.total.settled, under.settled_count)
    }

    #[test]
    fn what_was_charged_beyond_the_amount_is_spent() {
        let mut rows = settled();
        let currency = usd(0).currency;
        dispute(&mut rows, Some(usd(701))).unwrap();
        assert_eq!(spent(&rows, currency), (701, 7_010_000, 1));
        let view = View::new(&rows, Millis(9));
        assert_eq!(view.counters().unwrap().disputed, 1);
        let payment = view.payment(ID).unwrap().unwrap();
        assert_eq!(payment.disputed.unwrap().charged, Some(usd(701)));
        assert!(dispute(&mut rows, None).is_err(), "one dispute is on the books");
    }

    #[test]
    fn a_dispute_never_gives_budget_back() {
        for charged in [usd(500), usd(1), Money { amount: 900, currency: "EUR".parse().unwrap() }] {
            assert!(dispute(&mut settled(), Some(charged)).is_err(), "{charged}");
        }
        let mut rows = settled();
        dispute(&mut rows, None).unwrap();
        assert_eq!(spent(&rows, usd(0).currency), (500, 5_000_000, 1));
    }
}
