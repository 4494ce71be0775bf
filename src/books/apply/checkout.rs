//! What agents asked merchants for, and the owner's card.

use super::Fold;
use crate::books::checkouts::{Funding, checkout_key};
use crate::books::event::Body;
use crate::books::rows::Table;
use crate::books::view::{FUNDING, encode};

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

#[cfg(test)]
mod tests {
    use crate::books::{
        Body, CheckoutAsked, CheckoutItem, FundingRegistered, MemoryRows, View, apply,
    };
    use crate::clock::Millis;
    use crate::digest::Digest;

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
}
