//! What agents asked merchants for, and the owner's card.

use super::Fold;
use crate::books::checkouts::{Funding, Order, checkout_key};
use crate::books::event::Body;
use crate::books::rows::Table;
use crate::books::tables::Payment;
use crate::books::view::{FUNDING, encode};
use crate::payment::{Purchase, Reference};

impl Fold<'_> {
    /// Whether the event was one of these, which is then booked.
    pub(super) fn checkout_event(&mut self, body: &Body) -> bool {
        match body {
            Body::CheckoutAsked(asked) => {
                let key = checkout_key(&asked.endpoint, &asked.session_id);
                self.rows.put(Table::Checkouts, &key, encode(asked));
            }
            Body::FundingRegistered(source) => {
                let row = Funding { source: source.clone(), since_ms: self.at };
                self.rows.put(Table::Singles, FUNDING, encode(&row));
            }
            Body::FundingCleared {} => self.rows.delete(Table::Singles, FUNDING),
            _ => return false,
        }
        true
    }
}

impl Fold<'_> {
    /// A settled checkout is an order at its merchant.
    pub(super) fn note_order(&mut self, payment: &Payment, reference: &Reference) {
        let Some(Purchase::Checkout(checkout)) = &payment.purchase else { return };
        let order = Order {
            payment_id: payment.id(),
            agent_id: payment.request.agent_id.clone(),
            merchant_id: checkout.merchant_id.clone(),
            session_id: checkout.session_id.clone(),
            order_id: reference.clone(),
            amount: payment.request.amount,
            at_ms: self.at,
        };
        self.rows.put(Table::Orders, &self.seq.to_be_bytes(), encode(&order));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{payment, purchase};
    use super::*;
    use crate::books::{
        Body, CheckoutAsked, CheckoutItem, FundingRegistered, MemoryRows, View, apply,
    };
    use crate::clock::Millis;
    use crate::digest::Digest;
    use crate::limits;

    #[test]
    fn the_last_word_on_a_session_and_on_the_card_counts() {
        let mut rows = MemoryRows::default();
        let asked = |quantity| CheckoutAsked {
            endpoint: "https://shop.example/".to_owned(),
            session_id: "cs_1".to_owned(),
            agent_id: None,
            currency: "USD".parse().unwrap(),
            items: vec![CheckoutItem { id: "bread".to_owned(), quantity, unit_amount: Some(250) }],
        };
        let card = FundingRegistered {
            method_hash: Digest::of(b"pm_1"),
            brand: Some("visa".to_owned()),
            last4: Some("4242".to_owned()),
            label: None,
        };
        let events = [
            Body::CheckoutAsked(asked(1)),
            Body::CheckoutAsked(asked(2)),
            Body::FundingRegistered(card.clone()),
        ];
        for (seq, body) in (0..).zip(events) {
            apply(&mut rows, seq, Millis(seq), &body.into()).unwrap();
        }
        let view = View::new(&rows, Millis(9));
        assert_eq!(view.checkout("https://shop.example/", "cs_1").unwrap(), Some(asked(2)));
        assert_eq!(view.checkout("https://shop.example/", "cs_2").unwrap(), None);
        assert_eq!(view.funding().unwrap().map(|funding| funding.source), Some(card));
        apply(&mut rows, 3, Millis(3), &Body::FundingCleared {}.into()).unwrap();
        assert_eq!(View::new(&rows, Millis(9)).funding().unwrap(), None);
    }

    #[test]
    fn a_report_shows_the_newest_orders_up_to_its_bound() {
        let mut rows = MemoryRows::default();
        let count = limits::REPORT_ORDERS as u64;
        let newest = |rows: &MemoryRows| {
            let orders = View::new(rows, Millis(9)).orders(limits::REPORT_ORDERS).unwrap();
            (orders.len(), orders.first().unwrap().at_ms, orders.last().unwrap().at_ms)
        };
        for seq in 1..=count + 1 {
            let reference = format!("order_{seq}").try_into().unwrap();
            Fold { rows: &mut rows, seq, at: Millis(seq) }.note_order(&bought(), &reference);
            if seq == count {
                assert_eq!(newest(&rows), (limits::REPORT_ORDERS, Millis(count), Millis(1)));
            }
        }
        assert_eq!(newest(&rows), (limits::REPORT_ORDERS, Millis(count + 1), Millis(2)));
    }

    fn bought() -> Payment {
        Payment { purchase: Some(purchase()), ..payment() }
    }
}
