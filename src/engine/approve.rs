//! The owner's answer, and what lapses without one.

use std::convert::Infallible;

use uuid::Uuid;

use super::failures::{refused, store_failure, unrefused};
use super::sign;
use super::{Engine, Paid};
use crate::books::{Approval, Body, Channel, Event, Payment, RowsError, View};
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::ids::{ApprovalId, PaymentId};
use crate::payment::{Effect, Observation, step};
use crate::policy::{ReasonCode, Stage, Verdict};
use crate::store::{Refusal, StoreError};

/// The owner's answer to one question.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The question.
    pub approval_id: ApprovalId,
    /// The answer.
    pub approved: bool,
    /// Where it came from.
    pub channel: Channel,
    /// The owner's words.
    pub reason: Option<String>,
    /// The call that brings it, where it may be sent again.
    pub call_id: Option<Uuid>,
}

/// An answered question.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The payment as it stands now.
    pub paid: Paid,
}

/// A question that waits.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its id.
    pub id: ApprovalId,
    /// When it was asked and lapses, and why.
    pub approval: Approval,
    /// The payment.
    pub paid: Paid,
    /// How often the host's user was asked.
    pub host_asked: u32,
}

impl Engine {
    /// Answers a question, once; the call that answered it may be sent again. Freeze and policy are looked at again against what is stored, not what is shown.
    ///
    /// # Errors
    /// When the question is unknown, answered or lapsed, when the wallet is frozen, or the store's.
    pub async fn answer_approval(&self, resolution: Resolution) -> Result<Answered, Failure> {
        let commit = self.store().commit(move |view| answer(view, &resolution));
        let committed = commit.await.map_err(refused)?;
        let paid = self.paid(committed.value)?;
        self.nudge_payment(&paid.payment);
        Ok(Answered { paid })
    }

    /// All questions that wait, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn approvals(&self) -> Result<Vec<Question>, Failure> {
        let head = self.store().head();
        let rows = self.store().read(|view| {
            let mut rows = Vec::new();
            for (id, approval) in view.approvals()? {
                if let Some(payment) = view.payment(approval.payment_id)? {
                    let host_asked = view.asked(id)?.map_or(0, |asked| asked.times);
                    let paid = Paid { payment, head };
                    rows.push(Question { id, approval, paid, host_asked });
                }
            }
            Ok(rows)
        });
        rows.map_err(|e| store_failure(&e))
    }

    /// Lets lapse what the owner did not answer, where no server has run since.
    ///
    /// # Errors
    /// The store's.
    pub async fn lapse_unanswered(&self) -> Result<(), Failure> {
        self.expire_approvals().await.map(drop).map_err(|e| store_failure(&e))
    }

    /// Lets lapse what the owner did not answer. Returns when the next one lapses.
    pub(super) async fn expire_approvals(&self) -> Result<Option<Millis>, StoreError> {
        let now = self.ledger_now()?;
        let first = |view: &View<'_>| {
            Ok(view.approvals()?.iter().map(|(_, approval)| approval.expires_at_ms).min())
        };
        let next = self.store().read(first)?;
        if next.is_none_or(|at| at > now) {
            return Ok(next);
        }
        let commit = self.store().commit::<(), Infallible, _>(|view| {
            let is_over = |payment: &Payment| {
                step(&payment.state, &Observation::Time(view.now())) == Effect::Expire
            };
            Ok((lapse(view, UNANSWERED, is_over)?, ()))
        });
        commit.await.map_err(unrefused)?;
        self.store().read(first)
    }
}

pub(super) type Answer = Result<(Vec<Event>, PaymentId), Refusal<Failure>>;

/// The events of an answer. Freeze and policy are looked at in the transaction that takes it.
pub(super) fn answer(view: &View<'_>, resolution: &Resolution) -> Answer {
    let id = resolution.approval_id;
    let open = view.approval(id)?;
    if open.is_none()
        && let Some(call_id) = resolution.call_id
        && let Some(answered) = view.payment_of_call(call_id)?
    {
        return Ok((Vec::new(), answered));
    }
    let Some(approval) = open.filter(|approval| approval.expires_at_ms > view.now()) else {
        let message = format!("no approval {id} waits: it is unknown, answered or lapsed");
        let hint = "`paywarden approvals list` shows what waits";
        return Err(Refusal::No(Failure::refused("APPROVAL_NOT_WAITING", message).hint(hint)));
    };
    let payment_id = approval.payment_id;
    let Some(payment) = view.payment(payment_id)? else {
        let message = format!("approval {id} belongs to no payment");
        return Err(Refusal::No(Failure::internal("STORE_CORRUPT", message)));
    };
    let resolved = Event::of(
        payment_id,
        Body::ApprovalResolved {
            approval_id: id,
            approved: resolution.approved,
            channel: resolution.channel,
            reason: resolution.reason.clone(),
            call_id: resolution.call_id,
        },
    );
    if !resolution.approved {
        let words = resolution.reason.as_deref().map(|words| format!(": {words}"));
        let reason = format!("the owner rejected it{}", words.unwrap_or_default());
        let reason_code = ReasonCode::ApprovalRejected;
        let blocked = Event::of(payment_id, Body::PaymentBlocked { reason_code, reason });
        return Ok((vec![resolved, blocked], payment_id));
    }
    let decision = sign::judge(view, &payment.request, Stage::Approved)?;
    if decision.reason_code == ReasonCode::WalletFrozen {
        let failure = Failure::refused("WALLET_FROZEN", decision.reason)
            .hint("Nothing was answered. Run `paywarden unfreeze`, then approve again")
            .retry(Retry::AfterOperator);
        return Err(Refusal::No(failure));
    }
    let mut events = vec![resolved, sign::decided(&payment.request, Stage::Approved, &decision)];
    if let Verdict::Deny = decision.verdict {
        let (reason_code, reason) = (decision.reason_code, decision.reason);
        events.push(Event::of(payment_id, Body::PaymentBlocked { reason_code, reason }));
    }
    // An allowed payment is in its lane's queue now and is signed there, on a fresh head.
    Ok((events, payment_id))
}

/// Approvals that nobody may answer any more, of the payments that `ends`.
pub(super) fn lapse(
    view: &View<'_>,
    why: &str,
    ends: impl Fn(&Payment) -> bool,
) -> Result<Vec<Event>, RowsError> {
    let mut events = Vec::new();
    for (id, approval) in view.approvals()? {
        if view.payment(approval.payment_id)?.is_some_and(|payment| ends(&payment)) {
            events.extend(lapsed(id, approval.payment_id, why));
        }
    }
    Ok(events)
}

fn lapsed(approval_id: ApprovalId, payment_id: PaymentId, why: &str) -> [Event; 2] {
    let reason = why.to_owned();
    let expired = Body::ApprovalExpired { approval_id, reason: reason.clone() };
    let reason_code = ReasonCode::ApprovalExpired;
    [
        Event::of(payment_id, expired),
        Event::of(payment_id, Body::PaymentBlocked { reason_code, reason }),
    ]
}

const UNANSWERED: &str = "the owner did not answer in time";
