//! The one-use permission to sign. Only [`super::decide`] makes one; whoever signs takes it by value.

use crate::ids::PaymentId;
use crate::money::Money;

/// Permission to sign exactly one payment.
///
/// It cannot be built, cloned, stored or read back: going round the policy does not compile.
///
/// ```compile_fail
/// use paywarden::policy::Grant;
/// fn twice(grant: Grant) -> (Grant, Grant) {
///     (grant.clone(), grant)
/// }
/// ```
#[derive(Debug, Eq, PartialEq)]
pub struct Grant {
    payment_id: PaymentId,
    amount: Money,
    payee: String,
}

/// What was to be signed is not what was granted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GrantError {
    /// Another amount or currency.
    #[error("granted {granted}, asked to sign {asked}")]
    Amount {
        /// The granted amount.
        granted: Money,
        /// What was to be signed.
        asked: Money,
    },
    /// Another payee.
    #[error("granted for {granted}, asked to sign for {asked}")]
    Payee {
        /// The granted payee.
        granted: String,
        /// What was to be signed.
        asked: String,
    },
}

impl Grant {
    pub(super) fn new(payment_id: PaymentId, amount: Money, payee: String) -> Self {
        Self { payment_id, amount, payee }
    }

    /// Uses the permission up: the payment's id, if exactly this was granted.
    ///
    /// # Errors
    /// When amount or payee differ; the permission is gone all the same.
    pub fn consume(self, amount: Money, payee: &str) -> Result<PaymentId, GrantError> {
        if self.amount != amount {
            return Err(GrantError::Amount { granted: self.amount, asked: amount });
        }
        if self.payee != payee {
            return Err(GrantError::Payee { granted: self.payee, asked: payee.to_owned() });
        }
        Ok(self.payment_id)
    }
}
