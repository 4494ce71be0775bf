//! Turning a grant into a durable intent, inside the deciding transaction.

use super::facts;
use crate::books::{Body, Event, Lane, Payment, RowsError, View};
use crate::clock::Millis;
use crate::ids::PaymentId;
use crate::money::Raw;
use crate::nano::{Account, Subtype};
use crate::payment::{BlockIntent, Intent, State};
use crate::policy::{Decision, Grant, Policy, ReasonCode, Request, Stage, Verdict, decide};
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
    let sent = send(keystore, grant, request, lane, frontier, attempt, now)?;
    Ok(written(request.payment_id, Intent::Block(sent)))
}

/// The signed send itself.
pub(super) fn send(
    keystore: &Keystore,
    grant: Grant,
    request: &Request,
    lane: &Lane,
    frontier: &Frontier,
    attempt: u32,
    now: Millis,
) -> Result<BlockIntent, Unsigned> {
    if lane.open.is_some() || lane.frozen.is_some() || lane.head != frontier.hash() {
        return Err(Unsigned::Later);
    }
    let never = |error: &dyn std::fmt::Display| {
        Unsigned::Never(ReasonCode::InsufficientFunds, error.to_string())
    };
    let amount = request.amount.as_raw().unwrap_or(Raw::ZERO);
    let destination: Account = request.recipient().parse().map_err(|e| never(&e))?;
    let spend = SpendBlock::send(frontier, amount, destination).map_err(|error| match error {
        BuildError::Unopened => never(&"the account has received nothing yet"),
        other => never(&other),
    })?;
    let block = keystore.sign_spend(grant, &spend).map_err(|e| never(&e))?;
    let subtype = Subtype::Send;
    Ok(BlockIntent { attempt, block, subtype, amount_raw: amount, signed_at_ms: now })
}

/// The event by which something signed becomes durable.
pub(super) fn written(id: PaymentId, intent: Intent) -> Event {
    let block_hash = intent.block().map(BlockIntent::hash);
    Event::of(id, Body::PaymentIntent { block_hash, intent })
}

/// Signs a payment that waited. Policy and freeze are looked at again: much may have changed since it was allowed.
/// No events: not now.
pub(super) fn sign_reserved(
    view: &View<'_>,
    id: PaymentId,
    make: impl FnOnce(Grant, &Payment, u32) -> Result<Result<Intent, Unsigned>, RowsError>,
) -> Result<Vec<Event>, RowsError> {
    let Some(payment) = view.payment(id)? else { return Ok(Vec::new()) };
    let State::Reserved { attempts } = payment.state else { return Ok(Vec::new()) };
    if payment.sign_before_ms().is_some_and(|end| view.now() >= end) {
        let reason = "it could not be signed in time: what was to be paid has ended".to_owned();
        let reason_code = ReasonCode::OfferExpired;
        return Ok(vec![Event::of(id, Body::PaymentFailed { reason_code, reason })]);
    }
    let stage = stage_of(&payment);
    let decision = judge(view, &payment.request, stage)?;
    let decided = decided(&payment.request, stage, &decision);
    match decision.verdict {
        // A freeze is lifted again; the payment waits for that.
        Verdict::Deny if decision.reason_code == ReasonCode::WalletFrozen => Ok(Vec::new()),
        Verdict::NeedsApproval => Ok(Vec::new()),
        Verdict::Deny => {
            let (reason_code, reason) = (decision.reason_code, decision.reason);
            Ok(vec![decided, Event::of(id, Body::PaymentBlocked { reason_code, reason })])
        }
        Verdict::Allow(grant) => match make(grant, &payment, attempts + 1)? {
            Ok(intent) => Ok(vec![decided, written(id, intent)]),
            Err(Unsigned::Later) => Ok(Vec::new()),
            Err(Unsigned::Never(reason_code, reason)) => {
                Ok(vec![decided, Event::of(id, Body::PaymentFailed { reason_code, reason })])
            }
        },
    }
}

/// Whether the owner was asked about a payment that may be signed.
fn stage_of(payment: &Payment) -> Stage {
    match &payment.decided {
        Some(decided) if decided.reason_code == ReasonCode::Approved => Stage::Approved,
        Some(_) | None => Stage::Queued,
    }
}
