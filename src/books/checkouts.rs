//! What agents asked merchants for, what they ordered, and how the owner's cards are known: events and rows.
//!
//! Nothing here may hold a token, a payment method's id, or a merchant's words.

use serde::{Deserialize, Serialize};

use super::rows::Scan;
use super::view::{FUNDING, View};
use super::{RowsError, Table};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ids::PaymentId;
use crate::money::{Currency, Money};
use crate::payment::Reference;

/// What `checkout.asked` says: from here on a session must hold exactly this.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckoutAsked {
    /// The merchant's endpoint.
    pub endpoint: String,
    /// The session there.
    pub session_id: String,
    /// Whose it is: the agent that opened it, whoever changes it. A session without one is everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// In which currency.
    pub currency: Currency,
    /// Which things.
    pub items: Vec<CheckoutItem>,
}

/// One thing that was asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckoutItem {
    /// The merchant's id of it.
    pub id: String,
    /// How many.
    pub quantity: u32,
    /// What one cost when it was asked for, in smallest units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_amount: Option<u64>,
}

/// What `funding.registered` says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FundingRegistered {
    /// SHA-256 of the payment method's id, so that another one in its place is seen.
    pub method_hash: Digest,
    /// The card's brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Its last four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last4: Option<String>,
    /// What the owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// The card payments are made with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Funding {
    /// As it was registered.
    pub source: FundingRegistered,
    /// Since when.
    pub since_ms: Millis,
}

/// An order that a merchant confirmed and the wallet has paid.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// The payment.
    pub payment_id: PaymentId,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The owner's id of the merchant.
    pub merchant_id: String,
    /// The session there.
    pub session_id: String,
    /// The merchant's id of the order.
    pub order_id: Reference,
    /// What was paid.
    pub amount: Money,
    /// When the wallet saw it.
    pub at_ms: Millis,
}

impl View<'_> {
    /// The newest orders, newest first.
    pub fn orders(&self, limit: usize) -> Result<Vec<Order>, RowsError> {
        let newest = Scan { prefix: &[], after: None, reverse: true, limit };
        Ok(self.scan(Table::Orders, &newest)?.into_iter().map(|(_, order)| order).collect())
    }

    /// What was asked for in one session.
    pub fn checkout(
        &self,
        endpoint: &str,
        session_id: &str,
    ) -> Result<Option<CheckoutAsked>, RowsError> {
        self.get(Table::Checkouts, &checkout_key(endpoint, session_id))
    }

    /// The card payments are made with.
    pub fn funding(&self) -> Result<Option<Funding>, RowsError> {
        self.get(Table::Singles, FUNDING)
    }
}

pub(super) fn checkout_key(endpoint: &str, session_id: &str) -> [u8; 32] {
    Digest::of_json(&(endpoint, session_id)).expect("text has a canonical form").0
}
