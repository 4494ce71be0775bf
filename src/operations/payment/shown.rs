//! How a payment request is shown, and in which words it stands.

use schemars::JsonSchema;
use serde::Serialize;

use crate::books::RequestStatus;
use crate::engine::Requested;
use crate::money::Raw;
use crate::nano::{Account, NanoUri};
use crate::providers::ifenpay::PaymentStatus as IfenpayStatus;

/// A request as it stands.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Shown {
    /// Its id.
    transaction_id: String,
    /// open, underpaid, overpaid, paid, paid_late or expired.
    status: RequestStatus,
    /// Whether the money is there.
    is_paid: bool,
    /// Where to pay to.
    #[serde(skip_serializing_if = "Option::is_none")]
    receive_address: Option<String>,
    /// The exact amount to pay, in XNO.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// Until when, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// All that came for it, in XNO.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<String>,
    /// When the network had the last payment for it, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<String>,
    /// Who made that payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<String>,
    /// Its send block.
    #[serde(skip_serializing_if = "Option::is_none")]
    block_hash: Option<String>,
    /// The address given for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
    /// The note given with the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
}

impl From<&Requested> for Shown {
    fn from(found: &Requested) -> Self {
        let request = &found.request;
        let status = request.status(found.now);
        let receipt = request.receipt();
        let is_paid = matches!(status, RequestStatus::Paid | RequestStatus::PaidLate);
        let paid = receipt.filter(|_| is_paid).map(|receipt| receipt.amount_raw);
        let received = paid.or(request.other.as_ref().map(|other| other.total));
        Self {
            transaction_id: request.id().to_string(),
            status,
            is_paid,
            receive_address: Some(request.account.to_string()),
            amount: Some(request.claim.amount_raw.to_xno()),
            expires_at: Some(request.claim.expires_at_ms.to_string()),
            received: received.map(|raw| raw.to_xno()),
            paid_at: receipt.map(|receipt| receipt.paid_at_ms.to_string()),
            payer: receipt.map(|receipt| receipt.payer.to_string()),
            block_hash: receipt.map(|receipt| receipt.block_hash.to_string()),
            redirect_url: request.redirect_url.clone(),
            memo: request.memo.clone(),
        }
    }
}

/// A stranger's words.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Untrusted {
    /// What ifenpay says.
    pub(super) message: String,
}

impl From<&IfenpayStatus> for Shown {
    /// ifenpay tells no more than this of a request.
    fn from(found: &IfenpayStatus) -> Self {
        Self {
            transaction_id: found.transaction_id.to_string(),
            status: if found.is_paid { RequestStatus::Paid } else { RequestStatus::Open },
            is_paid: found.is_paid,
            receive_address: None,
            amount: None,
            expires_at: None,
            received: None,
            paid_at: None,
            payer: None,
            block_hash: None,
            redirect_url: None,
            memo: None,
        }
    }
}

/// One sentence for a person.
pub(super) fn message(found: &Requested) -> String {
    let claim = &found.request.claim;
    let amount = claim.amount_raw.to_xno();
    let other = found.request.other.as_ref().map(|other| other.total.to_xno()).unwrap_or_default();
    match found.request.status(found.now) {
        RequestStatus::Paid => "Payment confirmed".to_owned(),
        RequestStatus::PaidLate => {
            format!(
                "Payment confirmed, but it came after the request had expired at {}",
                claim.expires_at_ms
            )
        }
        RequestStatus::Open => format!("Not paid yet: the payer must send exactly {amount} XNO"),
        RequestStatus::Expired => format!("Expired at {} without a payment", claim.expires_at_ms),
        RequestStatus::Underpaid => format!(
            "Not paid: {other} XNO came, which is less than asked. The payer must send exactly {amount} XNO, or the owner sends the rest back"
        ),
        RequestStatus::Overpaid => format!(
            "Not settled: {other} XNO came, which is not the exact amount of {amount} XNO. Whether it was meant for this request is for you to judge"
        ),
    }
}

/// The same where no more is known than whether it is paid.
pub(super) fn message_of(is_paid: bool) -> &'static str {
    if is_paid { "Payment confirmed" } else { "Not paid yet: the payer must send the exact amount" }
}

/// What a payer's wallet opens.
pub(super) fn uri(account: Account, amount: Raw) -> String {
    NanoUri { account, amount: Some(amount), label: None, message: None }.to_string()
}
