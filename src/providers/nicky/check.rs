//! May money be sent for this request and this attempt? (fact sheet 1.11, C2, C3, C7, C13, C16)
//!
//! Pure. This module must never let an attempt through that contradicts its request, nor correct one.

use super::{Attempt, AttemptStatus, PaymentRequest, RequestStatus};
use crate::clock::Millis;
use crate::limits;
use crate::money::Raw;
use crate::nano::Account;
use crate::providers::{AmountTextError, Opaque, PayeeError, payee};

/// What to send for an attempt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payable {
    /// To whom.
    pub account: Account,
    /// Exactly how much.
    pub amount: Raw,
    /// Until when.
    pub expires_at: Millis,
    /// For which attempt.
    pub attempt_id: Opaque,
    /// Whether Nicky converted it from another asset, so that the price needs consent or a limit.
    pub is_converted: bool,
}

/// Why nothing is sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotPayable {
    /// The request is in another state than open.
    #[error("the payment request is {0}, not PaymentPending")]
    Status(RequestStatus),
    /// Nothing is open: it is paid, or somebody's payment is in flight (C5).
    #[error("nothing of the payment request is open: somebody may be paying it right now")]
    NothingOpen,
    /// The attempt is for another request.
    #[error("the attempt is for request {found}, not {asked}")]
    OtherRequest {
        /// What was asked to be paid.
        asked: Opaque,
        /// What the attempt says.
        found: Opaque,
    },
    /// The attempt is in another asset.
    #[error("the attempt is in {found}, not in {asked}")]
    OtherAsset {
        /// What was chosen.
        asked: Opaque,
        /// What the attempt says.
        found: Opaque,
    },
    /// The attempt is past being paid.
    #[error("the attempt is {0}, not Pending")]
    AttemptStatus(AttemptStatus),
    /// A Nano block carries no memo, so the money could not be told from others'.
    #[error("the attempt asks for a memo, which a Nano block cannot carry")]
    Memo,
    /// The amount cannot be sent exactly.
    #[error("the amount to send is unusable: {0}")]
    Amount(#[from] AmountTextError),
    /// More than the request asks.
    #[error("the attempt asks for {asked} XNO, more than the {open} that are open")]
    MoreThanOpen {
        /// What is to be sent.
        asked: String,
        /// What is open.
        open: String,
    },
    /// Too late, or nearly.
    #[error("the attempt expires in {left_ms} ms, which is too soon")]
    TooLate {
        /// Time that is left; 0 when it is over.
        left_ms: u64,
    },
    /// The address is not paid.
    #[error(transparent)]
    Payee(#[from] PayeeError),
}

/// Whether a payment may be started.
///
/// # Errors
/// [`NotPayable`].
pub fn check_request(request: &PaymentRequest) -> Result<(), NotPayable> {
    if request.status != RequestStatus::PaymentPending {
        return Err(NotPayable::Status(request.status.clone()));
    }
    if request.open_amount.is_zero() {
        return Err(NotPayable::NothingOpen);
    }
    Ok(())
}

/// Whether money may be sent for `attempt`, which was started for `request` in `asset_id`; `own` are this wallet's
/// accounts and `now` is Nicky's time where it is known (C18). To be asked again after every start (C7).
///
/// # Errors
/// [`NotPayable`].
pub fn check_attempt(
    request: &PaymentRequest,
    asset_id: &Opaque,
    attempt: &Attempt,
    own: &[Account],
    now: Millis,
) -> Result<Payable, NotPayable> {
    check_request(request)?;
    if !attempt.request_short_id.is_like(&request.short_id) {
        let (asked, found) = (request.short_id.clone(), attempt.request_short_id.clone());
        return Err(NotPayable::OtherRequest { asked, found });
    }
    if attempt.asset_id != *asset_id {
        let (asked, found) = (asset_id.clone(), attempt.asset_id.clone());
        return Err(NotPayable::OtherAsset { asked, found });
    }
    if attempt.status != AttemptStatus::Pending {
        return Err(NotPayable::AttemptStatus(attempt.status.clone()));
    }
    if attempt.memo.as_ref().is_some_and(|memo| !memo.as_str().is_empty()) {
        return Err(NotPayable::Memo);
    }
    let amount = attempt.amount_to_send.to_raw()?;
    let is_converted = attempt.asset_id != request.native_asset_id;
    if !is_converted && attempt.amount_to_send > request.open_amount {
        let asked = attempt.amount_to_send.to_string();
        return Err(NotPayable::MoreThanOpen { asked, open: request.open_amount.to_string() });
    }
    let left = attempt.expires_at.since(now);
    if left < limits::NICKY_TIME_LEFT {
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        return Err(NotPayable::TooLate { left_ms });
    }
    let account = payee(attempt.wallet_address.as_str(), own)?;
    let (expires_at, attempt_id) = (attempt.expires_at, attempt.id.clone());
    Ok(Payable { account, amount, expires_at, attempt_id, is_converted })
}
