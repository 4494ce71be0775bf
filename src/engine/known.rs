//! Payments that were asked for before: found by call, key or purpose, so that nobody outside is asked again.

use super::{Engine, Paid, store_failure};
use crate::books::Payment;
use crate::failure::Failure;
use crate::payment::IdempotencyKey;
use uuid::Uuid;

impl Engine {
    /// The payment that this call, or an earlier one with the same key, has asked for.
    ///
    /// # Errors
    /// `IDEMPOTENCY_CONFLICT` when the key stands for a payment of another operation; or the store's.
    pub fn known_payment(
        &self,
        call_id: Uuid,
        operation: &str,
        agent: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Paid>, Failure> {
        let found = self.store().read(|view| {
            if let Some(id) = view.payment_of_call(call_id)? {
                return Ok(Some(id));
            }
            let Some(key) = key else { return Ok(None) };
            Ok(view.idempotency(agent, key.as_str())?.map(|row| row.payment_id))
        });
        let Some(id) = found.map_err(|error| store_failure(&error))? else { return Ok(None) };
        let paid = self.paid(id)?;
        if paid.payment.operation == operation { Ok(Some(paid)) } else { Err(key_taken(&paid)) }
    }

    /// The payment for something at a third party, unless it moved nothing and never will.
    ///
    /// # Errors
    /// The store's.
    pub fn live_payment_of(&self, subject: &str) -> Result<Option<Payment>, Failure> {
        let read = self.store().read(|view| view.live_payment_of(subject));
        read.map_err(|error| store_failure(&error))
    }
}

/// What is said of a key that stands for another payment.
pub fn key_taken(paid: &Paid) -> Failure {
    let id = paid.payment.id();
    let message = format!(
        "this idempotency key stands for payment {id}, which was asked for with other arguments"
    );
    Failure::refused("IDEMPOTENCY_CONFLICT", message)
        .hint("Use one key per intended payment: a new key for a new payment, the same key and arguments for a repeat")
}
