//! How a payment for something at a third party is shown: as the payment stands here, and as the third party sees it.

use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use super::paid::PayResult;
use crate::engine::{Order, Paid};
use crate::failure::Failure;
use crate::limits;
use crate::money::Raw;
use crate::operations::spend::outcome;
use crate::payment::Status;

/// A payment and what the third party says of it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct PaidFor {
    /// What the third party said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<String>,
    /// In XNO.
    amount: String,
    payee_address: String,
    /// The payment.
    #[serde(flatten)]
    pub result: PayResult,
}

/// Asks for the payment and waits for its outcome, then a moment for the third party's word.
///
/// # Errors
/// Before a payment id exists.
pub(super) async fn pay_for(order: Order, context: &Context) -> Result<Paid, Failure> {
    heard(&context.engine.pay(order).await?, context).await
}

/// Waits for the outcome of a payment, then a moment for the third party's first word.
///
/// # Errors
/// The store's.
pub(super) async fn heard(asked: &Paid, context: &Context) -> Result<Paid, Failure> {
    let paid = outcome(asked.payment.id(), context).await?;
    if paid.payment.state.status() == Status::Settled {
        let wait = limits::OUTBOX_WORD;
        context.engine.wait_for_word(paid.payment.id(), wait, &context.cancelled).await?;
    }
    Ok(paid)
}

/// Shows it.
///
/// # Errors
/// The store's.
pub(super) fn shown(paid: &Paid, context: &Context) -> Result<PaidFor, Failure> {
    let request = &paid.payment.request;
    let task = context.engine.outbox_of(paid.payment.id())?.pop();
    let news = task.and_then(|task| task.news);
    let mut result = PayResult::from(paid);
    if let Some(note) = news.as_ref().and_then(|news| news.note.as_deref()) {
        result.summary = format!("{} The money was sent once; {note}.", result.summary);
    }
    Ok(PaidFor {
        provider_status: news.map(|news| news.status),
        amount: request.amount.as_raw().map(Raw::to_xno).unwrap_or_default(),
        payee_address: request.payee.address.clone(),
        result,
    })
}

/// Refuses more than the caller wanted to pay.
///
/// # Errors
/// `ABOVE_MAX_AMOUNT`.
pub(super) fn check_max(amount: Raw, max: Option<Raw>) -> Result<(), Failure> {
    match max {
        Some(max) if amount > max => {
            let (amount, max) = (amount.to_xno(), max.to_xno());
            let message = format!("{amount} XNO are asked for, more than maxAmount of {max} XNO");
            Err(Failure::refused("ABOVE_MAX_AMOUNT", message)
                .hint("Let the user decide whether to pay that much"))
        }
        _ => Ok(()),
    }
}
