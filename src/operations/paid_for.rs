//! How a payment for something at a third party is shown: as the payment stands here, and as the third party sees it.

use schemars::JsonSchema;
use serde::Serialize;

use super::paid::{approval_id, block_hash, reason};
use super::{Context, LedgerHead, describe};
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
    /// settled, denied, failed, pending_approval, or pending (do not pay again).
    pub status: Status,
    payment_id: String,
    /// One sentence for a person.
    summary: String,
    /// What the third party said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<String>,
    /// In XNO.
    amount: String,
    payee_address: String,
    reason_code: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_pass: Option<String>,
    rules: Vec<String>,
    ledger_head: LedgerHead,
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
    let payment = &paid.payment;
    let (reason_code, reason) = reason(paid);
    let decided = payment.decided.as_ref();
    let status = payment.state.status();
    let task = context.engine.outbox_of(payment.id())?.pop();
    let news = task.and_then(|task| task.news);
    let note = news.as_ref().and_then(|news| news.note.as_deref());
    let summary = match note {
        Some(note) => format!("{} The money was sent once; {note}.", describe(paid)),
        None => describe(paid),
    };
    Ok(PaidFor {
        status,
        payment_id: payment.id().to_string(),
        summary,
        provider_status: news.map(|news| news.status),
        amount: payment.request.amount.as_raw().map(Raw::to_xno).unwrap_or_default(),
        payee_address: payment.request.payee.address.clone(),
        reason_code,
        reason,
        block_hash: block_hash(&payment.state),
        approval_id: approval_id(&payment.state),
        would_pass: decided
            .filter(|_| status == Status::Denied)
            .and_then(|decided| decided.would_pass.clone()),
        rules: decided.map(|decided| decided.rules.clone()).unwrap_or_default(),
        ledger_head: paid.head.into(),
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
