//! How a payment is shown: seeds/004's PayResult, and the outcome every spending operation ends with.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{LedgerHead, Outcome};
use crate::books::Disputed;
use crate::engine::Paid;
use crate::money::Money;
use crate::payment::{Intent, Presented, State, Status};

/// One payment as guard and ACP tools show it.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct PayResult {
    /// settled, denied, failed, pending_approval, or pending (under way or unknown: do not pay again).
    pub status: Status,
    /// The payment's id, for life.
    pub payment_id: String,
    /// One sentence for a person.
    pub summary: String,
    /// Stable code of the last decision or of the end.
    pub reason_code: String,
    /// Why, in words.
    pub reason: String,
    /// How the money moved, once it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub settlement: Option<SettlementOut>,
    /// The question the owner must answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
    /// The signed block, from the moment it may be on the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_hash: Option<String>,
    /// What would pass, after a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_pass: Option<String>,
    /// Every policy rule looked at, with the numbers compared.
    pub rules: Vec<String>,
    /// What was left of each budget of the mandate after the decision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remaining: Vec<String>,
    /// The ledger's head when this was read.
    pub ledger_head: LedgerHead,
}

/// How money moved.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct SettlementOut {
    /// By which rail.
    pub rail: String,
    /// The rail's reference: for nano the block hash.
    pub reference: String,
    /// How much.
    pub settled_amount: AmountOut,
    /// When the wallet saw it final, RFC 3339.
    pub settled_at: String,
}

/// An amount in smallest units.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct AmountOut {
    /// Integer text; raw for XNO.
    pub amount: String,
    /// Currency code.
    pub currency: String,
}

impl From<Money> for AmountOut {
    fn from(money: Money) -> Self {
        Self { amount: money.amount.to_string(), currency: money.currency.to_string() }
    }
}

impl From<&Paid> for PayResult {
    fn from(paid: &Paid) -> Self {
        let payment = &paid.payment;
        let (reason_code, reason) = reason(paid);
        let decided = payment.decided.as_ref();
        let settlement = match &payment.state {
            State::Settled { reference, at_ms } => {
                let charged = payment.disputed.as_ref().and_then(|disputed| disputed.charged);
                let amount = charged.unwrap_or(payment.request.amount);
                Some(SettlementOut {
                    rail: payment.request.rail.to_string(),
                    reference: reference.to_string(),
                    settled_amount: amount.into(),
                    settled_at: at_ms.to_string(),
                })
            }
            _ => None,
        };
        let denied = payment.state.status() == Status::Denied;
        Self {
            status: payment.state.status(),
            payment_id: payment.id().to_string(),
            summary: describe(paid),
            reason_code,
            reason,
            settlement,
            approval_id: approval_id(&payment.state),
            block_hash: block_hash(&payment.state),
            would_pass: decided.filter(|_| denied).and_then(|decided| decided.would_pass.clone()),
            rules: decided.map(|decided| decided.rules.clone()).unwrap_or_default(),
            remaining: decided.map(|decided| decided.remaining.clone()).unwrap_or_default(),
            ledger_head: paid.head.into(),
        }
    }
}

/// One sentence for a person, with the next step where there is one.
pub fn describe(paid: &Paid) -> String {
    let payment = &paid.payment;
    let amount = payment.request.amount;
    let to = &payment.request.payee.address;
    let (_, reason) = reason(paid);
    match &payment.state {
        State::Settled { reference, .. } => {
            let what = if payment.account.is_some() { "block" } else { "reference" };
            let settled = format!("Settled: {amount} to {to}, {what} {reference}.");
            match &payment.disputed {
                Some(Disputed { reason, .. }) => {
                    format!("{settled} Disputed: {reason}. Tell the owner.")
                }
                None => settled,
            }
        }
        State::Awaiting { approval_id, expires_at_ms } => format!(
            "Waits for the owner until {expires_at_ms}: {reason}. The owner answers with `paywarden approvals approve {approval_id}` or `... reject {approval_id}`. Do not pay again; look with get_payment_status."
        ),
        State::Released { .. } if payment.state.status() == Status::Denied => {
            format!("Denied: {reason}. Nothing was sent.")
        }
        State::Released { .. } => format!("Failed: {reason}. Nothing was sent."),
        State::Unknown(intent) => format!(
            "The outcome is not known yet: {}. Do not pay again; the wallet goes on looking.",
            stage(intent, "was signed and may be on the network")
        ),
        State::Intent(intent) => format!(
            "Under way: {}. Do not pay again; look with get_payment_status.",
            stage(intent, "is signed and waits for confirmation")
        ),
        State::Requested | State::Reserved { .. } => {
            "Under way: allowed, and waits for its account to be free. Do not pay again; look with get_payment_status.".to_owned()
        }
    }
}

/// What was signed, and for whom it waits.
fn stage(intent: &Intent, block_words: &str) -> String {
    match intent {
        Intent::Block(block) => format!("block {} {block_words}", block.hash()),
        Intent::Cheque(cheque) => {
            format!("block {} is signed and in the payee's hands", cheque.sent.hash())
        }
        Intent::Presented(Presented { valid_until_ms, .. }) => {
            format!("a proof of payment is in the payee's hands, valid until {valid_until_ms}")
        }
    }
}

/// The outcome a surface acts on.
pub fn outcome_of<T>(status: Status, output: T) -> Outcome<T> {
    match status {
        Status::Settled => Outcome::Done(output),
        Status::Denied | Status::Failed => Outcome::Refused(output),
        Status::PendingApproval => Outcome::Ask(output),
        Status::Pending => Outcome::Unknown(output),
    }
}

/// Code and words of the end, or of the last decision.
pub(super) fn reason(paid: &Paid) -> (String, String) {
    if let Some(Disputed { reason, .. }) = &paid.payment.disputed {
        return ("DISPUTED".to_owned(), reason.clone());
    }
    match (&paid.payment.state, &paid.payment.decided) {
        (State::Released { reason_code, reason, .. }, _) => {
            (reason_code.to_string(), reason.clone())
        }
        (_, Some(decided)) => (decided.reason_code.to_string(), decided.reason.clone()),
        (_, None) => ("REQUESTED".to_owned(), "not decided yet".to_owned()),
    }
}

pub(super) fn approval_id(state: &State) -> Option<String> {
    match state {
        State::Awaiting { approval_id, .. } => Some(approval_id.to_string()),
        _ => None,
    }
}

pub(super) fn block_hash(state: &State) -> Option<String> {
    match state {
        State::Settled { reference, .. } => reference.block().map(|hash| hash.to_string()),
        other => other.block().map(|block| block.hash().to_string()),
    }
}
