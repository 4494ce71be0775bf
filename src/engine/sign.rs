//! Turning a grant into a durable intent, inside the deciding transaction.

use super::facts;
use crate::books::{Body, Event, Lane, RowsError, View};
use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{Account, Subtype};
use crate::payment::BlockIntent;
use crate::policy::{Decision, Grant, Policy, ReasonCode, Request, Stage, decide};
use crate::wallet::{BuildError, Frontier, Keystore, SpendBlock};

/// Why a granted payment was not signed.
#[derive(Debug)]
pub(super) enum Unsigned {
    /// It never can be: the payment fails with this code and sentence.
    Never(ReasonCode, String),
    /// Not now: the lane is taken, frozen or not where the frontier is.
    Later,
}

/// Judges a payment on the books of this transaction.
pub(super) fn judge(
    view: &View<'_>,
    request: &Request,
    stage: Stage,
) -> Result<Decision, RowsError> {
    let policy = view.policy()?.map_or_else(Policy::live, |row| row.policy);
    let facts = facts::facts(view, &policy, request, stage)?;
    Ok(decide(&policy, request, &facts))
}

/// The event that records a decision.
pub(super) fn decided(request: &Request, stage: Stage, decision: &Decision) -> Event {
    Event::of(
        request.payment_id,
        Body::PolicyDecided {
            stage: stage.into(),
            outcome: decision.verdict.outcome(),
            reason_code: decision.reason_code,
            reason: decision.reason.clone(),
            rules: decision.rules.clone(),
            would_pass: decision.would_pass.clone(),
            policy_hash: decision.policy_hash,
            mandate_version: decision.mandate_version,
            charge: decision.charge,
            remaining: decision.remaining.clone(),
        },
    )
}

/// Signs a granted Nano send on top of `frontier`, if the lane is free and stands there.
pub(super) fn intent(
    keystore: &Keystore,
    grant: Grant,
    request: &Request,
    lane: &Lane,
    frontier: &Frontier,
    attempt: u32,
    now: Millis,
) -> Result<Event, Unsigned> {
    if lane.open.is_some() || lane.frozen.is_some() || lane.head != frontier.hash() {
        return Err(Unsigned::Later);
    }
    let never = |error: &dyn std::fmt::Display| {
        Unsigned::Never(ReasonCode::InsufficientFunds, error.to_string())
    };
    let amount = request.amount.as_raw().unwrap_or(Raw::ZERO);
    let destination: Account = request.payee.address.parse().map_err(|e| never(&e))?;
    let spend = SpendBlock::send(frontier, amount, destination).map_err(|error| match error {
        BuildError::Unopened => never(&"the account has received nothing yet"),
        other => never(&other),
    })?;
    let block = keystore.sign_spend(grant, &spend).map_err(|e| never(&e))?;
    let intent = BlockIntent {
        attempt,
        block,
        subtype: Subtype::Send,
        amount_raw: amount,
        signed_at_ms: now,
    };
    let block_hash = intent.hash();
    Ok(Event::of(request.payment_id, Body::PaymentIntent { block_hash, intent }))
}
