//! Payments and purchases for the tests of the fold.

use crate::books::Payment;
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ids::PaymentId;
use crate::money::{Money, Raw};
use crate::nano::Account;
use crate::payment::{Checkout, PublishVia, Purchase, State};
use crate::policy::{Claims, Payee, Rail, Request};

/// A payment nothing has happened to yet.
pub(super) fn payment() -> Payment {
    let account = Account::from_bytes([1; 32]);
    Payment {
        request: Request {
            payment_id: PaymentId(uuid::Uuid::nil()),
            agent_id: None,
            rail: Rail::Nano,
            amount: Money::xno(Raw::new(5)),
            payee: Payee { address: account.to_string(), label: None },
            mandate_id: None,
            claims: Claims::default(),
            cart: None,
            terms: None,
        },
        operation: "wallet.send".to_owned(),
        account: Some(account),
        memo: None,
        created_at_ms: Millis(0),
        first_seq: 1,
        decided: None,
        charge: None,
        publish_via: PublishVia::Node,
        void: None,
        disputed: None,
        purchase: None,
        purpose: None,
        state: State::Requested,
    }
}

/// A checkout session.
pub(super) fn purchase() -> Purchase {
    Purchase::Checkout(Checkout {
        merchant_id: "shop".to_owned(),
        session_id: "cs_1".to_owned(),
        asked_digest: Digest::of(b""),
    })
}
