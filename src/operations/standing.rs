//! What the wallet's and the credits' tools say of the payment behind an answer: `PayResult` in the casing of seeds/001.

use schemars::JsonSchema;
use serde::Serialize;

use super::paid::{approval_id, block_hash, reason};
use super::{LedgerHead, describe};
use crate::engine::Paid;
use crate::payment::Status;

/// The payment as it stands.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Standing {
    /// settled, denied, failed, pending_approval, or pending (under way or unknown: do not pay again).
    pub(super) status: Status,
    /// get_payment_status takes it.
    payment_id: String,
    /// One sentence for a person.
    summary: String,
    /// The signed block, from the moment it may be on the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    block_hash: Option<String>,
    /// The question the owner must answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<String>,
    /// Stable code of the last decision or of the end.
    reason_code: String,
    /// Why, in words.
    reason: String,
    /// What would pass, after a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_pass: Option<String>,
    /// Every policy rule looked at, with the numbers compared.
    rules: Vec<String>,
    /// What was left of each budget of the mandate after the decision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remaining: Vec<String>,
    /// The ledger's head when this was read.
    ledger_head: LedgerHead,
}

impl From<&Paid> for Standing {
    fn from(paid: &Paid) -> Self {
        let payment = &paid.payment;
        let (reason_code, reason) = reason(paid);
        let decided = payment.decided.as_ref();
        let status = payment.state.status();
        Self {
            status,
            payment_id: payment.id().to_string(),
            summary: describe(paid),
            block_hash: block_hash(&payment.state),
            approval_id: approval_id(&payment.state),
            reason_code,
            reason,
            would_pass: decided
                .filter(|_| status == Status::Denied)
                .and_then(|decided| decided.would_pass.clone()),
            rules: decided.map(|decided| decided.rules.clone()).unwrap_or_default(),
            remaining: decided.map(|decided| decided.remaining.clone()).unwrap_or_default(),
            ledger_head: paid.head.into(),
        }
    }
}
