//! What Nanswap says, once it has been checked.
//!
//! Plain data: an id of ours and one of theirs must never change places (D1, D2).

use super::OrderStatus;
use crate::clock::Millis;
use crate::providers::{Amount, Opaque, Said};

/// An order, as `POST /order` and `GET /order` show it. The latter names no address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Their id: the one `GET /order` takes.
    pub invoice_id: Opaque,
    /// The merchant's id.
    pub partner_id: Option<Opaque>,
    /// Its state.
    pub status: OrderStatus,
    /// What the customer pays with, once that is known.
    pub payin_currency: Option<Opaque>,
    /// What the merchant is paid out in.
    pub payout_currency: Option<Opaque>,
    /// Where the customer pays; not checked yet.
    pub payin_address: Option<Opaque>,
    /// Exactly what the customer pays.
    pub expected_amount_from: Option<Amount>,
    /// What the merchant is to be paid.
    pub expected_payout_amount: Option<Amount>,
    /// Until when.
    pub expires_at: Option<Millis>,
    /// When a payment was seen.
    pub deposit_detected_at: Option<Millis>,
    /// When it was passed on.
    pub completed_at: Option<Millis>,
    /// Its page for people.
    pub payment_link: Option<Said>,
    /// Where a browser goes after success; never fetched.
    pub success_url: Option<Said>,
    /// Where a browser goes after cancelling; never fetched.
    pub cancel_url: Option<Said>,
}

/// What an order would cost; it binds nobody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Estimate {
    /// What the customer would pay.
    pub expected_amount_from: Amount,
    /// What the merchant would be paid.
    pub payout_amount: Option<Amount>,
    /// In which currency.
    pub payout_currency: Option<Opaque>,
    /// Whether fees eat much of it.
    pub has_high_fees: bool,
}

/// One line of the list of invoices.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invoice {
    /// Their id.
    pub invoice_id: Opaque,
    /// The merchant's id.
    pub partner_id: Option<Opaque>,
    /// Its state.
    pub status: OrderStatus,
    /// What the customer pays with.
    pub payin_currency: Option<Opaque>,
    /// What the merchant is paid out in.
    pub payout_currency: Option<Opaque>,
    /// What the customer was asked for.
    pub expected_amount_from: Option<Amount>,
    /// What the merchant was to be paid.
    pub expected_payout_amount: Option<Amount>,
    /// What the merchant was paid.
    pub payout_amount: Option<Amount>,
    /// The transaction that paid the merchant.
    pub payout_hash: Option<Said>,
    /// Since when.
    pub created_at: Option<Millis>,
}

/// One page of invoices, newest first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvoicePage {
    /// At most 20.
    pub invoices: Vec<Invoice>,
    /// How many there are on all pages.
    pub total: u64,
    /// Which page this is, from 1.
    pub page: u64,
    /// How many pages there are.
    pub pages: u64,
}

/// A currency customers can pay with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Currency {
    /// What is sent as `payinCurrency`: the key of the list, which the ticker is not.
    pub code: Opaque,
    /// For people.
    pub name: Option<Said>,
    /// Ticker.
    pub ticker: Option<Said>,
    /// Network.
    pub network: Option<Said>,
}
