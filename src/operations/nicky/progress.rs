//! How an attempt is shown.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::engine::Polled;
use crate::failure::Failure;
use crate::operations::Context;
use crate::payment::{State, nicky_attempt_subject};
use crate::providers::Opaque;
use crate::providers::nicky::{Progress, outlook, poll_after};

/// How far an attempt is.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Shown {
    payment_attempt_id: String,
    status: String,
    /// This attempt is done.
    attempt_confirmed: bool,
    /// The whole request is settled, by whomever.
    is_paid: bool,
    /// Somebody else settled it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paid_by_another: bool,
    /// Ask support@nicky.me with attempt and hash.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    needs_support: bool,
    wallet_address: String,
    expected_amount: String,
    asset_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_amount: Option<String>,
    #[schemars(with = "Vec<Map<String, Value>>")]
    transactions: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggested_transaction_hash: Option<String>,
    /// This wallet's payment for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
    /// Absent once nothing more will come.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_poll_after_seconds: Option<u64>,
    /// One sentence for a person.
    summary: String,
}

/// Shows what Nicky said, beside what this wallet knows of its own payment.
///
/// # Errors
/// The store's.
pub(super) fn shown(
    attempt: &Opaque,
    polled: &Polled,
    context: &Context,
) -> Result<Shown, Failure> {
    let engine = &context.engine;
    let progress = &polled.progress;
    let ours = engine.live_payment_of(&nicky_attempt_subject(attempt.as_str()))?;
    let ours = ours.filter(|payment| context.caller.may_see(payment.request.agent_id.as_deref()));
    let settled = ours.as_ref().and_then(|payment| match payment.state {
        State::Settled { ref reference, at_ms } => Some((reference.to_string(), at_ms)),
        _ => None,
    });
    let seen = outlook(progress, settled.as_ref().map(|(hash, _)| hash.as_str()));
    let paid_at = settled.map_or(polled.asked_at, |(_, at)| at);
    let pause = poll_after(engine.clock().now().since(paid_at));
    let next = (!seen.is_final).then(|| engine.next_nicky_poll(polled, pause));
    let request = progress.request.as_ref();
    Ok(Shown {
        payment_attempt_id: progress.attempt_id.to_string(),
        status: progress.status.to_string(),
        attempt_confirmed: seen.is_attempt_confirmed,
        is_paid: seen.is_request_paid,
        paid_by_another: seen.is_paid_by_another,
        needs_support: seen.needs_support,
        wallet_address: progress.wallet_address.to_string(),
        expected_amount: progress.expected_amount.to_string(),
        asset_id: progress.asset_id.to_string(),
        expires_at: progress.expires_at.map(|at| at.to_string()),
        finished_at: progress.finished_at.map(|at| at.to_string()),
        request_status: request
            .and_then(|request| request.status.as_ref())
            .map(ToString::to_string),
        open_amount: request
            .and_then(|request| request.open_amount.as_ref())
            .map(ToString::to_string),
        transactions: progress.transactions.iter().map(transaction).collect(),
        suggested_transaction_hash: progress.suggested_hash.as_ref().map(ToString::to_string),
        payment_id: ours.map(|payment| payment.id().to_string()),
        next_poll_after_seconds: next.map(|pause| pause.as_secs() + 1),
        summary: summary(progress, &seen),
    })
}

fn transaction(found: &crate::providers::nicky::Transaction) -> Value {
    json!({
        "transactionHash": found.hash,
        "blockchainStatus": found.chain_status.as_ref().map(ToString::to_string),
        "paymentReportStatus": found.report_status.as_ref().map(ToString::to_string),
    })
}

fn summary(progress: &Progress, seen: &crate::providers::nicky::Outlook) -> String {
    let status = &progress.status;
    if seen.is_attempt_confirmed {
        return "Confirmed: the receiver has it.".to_owned();
    }
    if seen.is_paid_by_another {
        return "The request is paid, but Nicky does not show this attempt's money: ask support@nicky.me.".to_owned();
    }
    if seen.needs_support {
        return format!(
            "{status}: ask support@nicky.me with the attempt and the hash. Do not pay again."
        );
    }
    if seen.is_request_paid {
        return "The request is paid.".to_owned();
    }
    match seen.is_final {
        true => format!("{status}: nothing was received; start again."),
        false => format!("{status}: not confirmed yet. Do not pay again."),
    }
}
