//! May money be sent for this order? (fact sheet 2.4, 2.11)
//!
//! Pure. This module must never let an order through whose address did not come from its creation, nor one that
//! somebody has paid already.

use super::{Order, OrderStatus};
use crate::clock::Millis;
use crate::limits;
use crate::money::Raw;
use crate::nano::Account;
use crate::providers::{AmountTextError, PayeeError, payee};

/// What to send for an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Payable {
    /// To whom.
    pub account: Account,
    /// Exactly how much.
    pub amount: Raw,
    /// Until when.
    pub expires_at: Millis,
}

/// Why nothing is sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotPayable {
    /// Not waiting for a payment.
    #[error("the order is {0}, not waiting")]
    Status(OrderStatus),
    /// To be paid in something else.
    #[error("the order is to be paid in {0}, not in XNO")]
    Currency(String),
    /// The answer names no address: only who made the order knows it (D14).
    #[error("no address is known for this order; it can be paid on its page")]
    NoAddress,
    /// The answer names no amount.
    #[error("no amount is known for this order")]
    NoAmount,
    /// The amount cannot be sent exactly.
    #[error("the amount to send is unusable: {0}")]
    Amount(#[from] AmountTextError),
    /// Too late, or nearly.
    #[error("the order expires in {left_ms} ms, which is too soon")]
    TooLate {
        /// Time that is left; 0 when it is over or not known.
        left_ms: u64,
    },
    /// The address is not paid.
    #[error(transparent)]
    Payee(#[from] PayeeError),
}

/// Whether money may be sent for `order`; `own` are this wallet's accounts.
///
/// # Errors
/// [`NotPayable`].
pub fn check_order(order: &Order, own: &[Account], now: Millis) -> Result<Payable, NotPayable> {
    if order.status != OrderStatus::Waiting {
        return Err(NotPayable::Status(order.status.clone()));
    }
    match &order.payin_currency {
        Some(currency) if currency.as_str() == XNO => {}
        Some(other) => return Err(NotPayable::Currency(other.to_string())),
        None => return Err(NotPayable::Currency("a currency not chosen yet".to_owned())),
    }
    let address = order.payin_address.as_ref().ok_or(NotPayable::NoAddress)?;
    let amount = order.expected_amount_from.as_ref().ok_or(NotPayable::NoAmount)?.to_raw()?;
    let expires_at = order.expires_at.unwrap_or_default();
    let left = expires_at.since(now);
    if left < limits::NANSWAP_TIME_LEFT {
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        return Err(NotPayable::TooLate { left_ms });
    }
    Ok(Payable { account: payee(address.as_str(), own)?, amount, expires_at })
}

const XNO: &str = "XNO";
