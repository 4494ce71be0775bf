//! Orders this wallet has made at Nanswap Pay, and the webhooks about them: their events, their rows.
//!
//! What was asked for is kept as it was: nothing a third party says later may change it but the order's state.

use serde::{Deserialize, Serialize};

use super::view::View;
use super::{RowsError, Table};
use crate::clock::Millis;
use crate::digest::Digest;

/// One order: what `nanswap.ordered` says, and the row.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NanswapOrder {
    /// Their id.
    pub invoice_id: String,
    /// Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_id: Option<String>,
    /// The price.
    pub price_amount: String,
    /// Its currency, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_currency: Option<String>,
    /// What the customer was to pay with, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payin_currency: Option<String>,
    /// What was to be paid out, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout_currency: Option<String>,
    /// Where the payout was to go instead of the merchant's usual place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout_address: Option<String>,
    /// Where the customer pays; told once, when the order is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payin_address: Option<String>,
    /// Until when it can be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<Millis>,
    /// Its last known state.
    pub status: String,
    /// Which agent made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// States that webhooks have told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
}

/// What `nanswap.noted` says: Nanswap was asked, and the order has moved on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderNoted {
    /// Their id.
    pub invoice_id: String,
    /// The order's state.
    pub status: String,
}

/// What `nanswap.webhook` says: one came whose signature holds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookTaken {
    /// The order it names.
    pub invoice_id: String,
    /// The state it tells of.
    pub status: String,
    /// Tells its signed text from others.
    pub digest: Digest,
    /// What it is worth.
    pub verdict: WebhookVerdict,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a webhook with a good signature is worth.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum WebhookVerdict {
    /// About an order of ours, new, and as the order was made.
    Accepted,
    /// Told before, and nothing has changed since.
    Duplicate,
    /// Told before, and the order has moved on since.
    Replayed,
    /// An older state after a newer one.
    Regressing,
    /// The payout's address or method is not the order's.
    PayoutTampered,
    /// Another price or currency of it.
    WrongPrice,
    /// Completed, with less paid than asked.
    PaidTooLittle,
    /// Another member differs from the order.
    Differs,
    /// About no order of this wallet.
    UnknownOrder,
}

/// What became of one signed text.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct WebhookRow {
    /// Every verdict it had, each once.
    pub verdicts: Vec<WebhookVerdict>,
}

impl View<'_> {
    /// An order this wallet has made.
    pub fn nanswap_order(&self, invoice_id: &str) -> Result<Option<NanswapOrder>, RowsError> {
        self.get(Table::NanswapOrders, invoice_id.as_bytes())
    }

    /// What became of a webhook with this signed text.
    pub fn nanswap_webhook(&self, digest: &Digest) -> Result<WebhookRow, RowsError> {
        Ok(self.get(Table::NanswapWebhooks, digest.as_bytes())?.unwrap_or_default())
    }
}
