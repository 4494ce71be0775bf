//! Approvals that a host's user answers. The answer is agent authority: capped by the policy, counted in the
//! transaction that takes it, bound to one agent and one call, and good for one answer.
//!
//! Nothing here may believe what comes back about the payment: only what is stored counts.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::agents::owns;
use super::approve::{self, Resolution};
use super::failures::refused;
use super::{Engine, Paid};
use crate::books::{Asked, Body, Channel, Event, Payment, RowsError, View};
use crate::digest::Digest;
use crate::failure::Failure;
use crate::ids::{ApprovalId, PaymentId};
use crate::limits;
use crate::policy::Policy;
use crate::store::Refusal;

/// The call that waits for an answer.
#[derive(Clone, Debug)]
pub struct WaitingCall {
    /// The question.
    pub approval_id: ApprovalId,
    /// Which agent's host asks.
    pub agent_id: Option<String>,
    /// The operation that was called.
    pub operation: String,
    /// Its arguments, as they came.
    pub arguments: Map<String, Value>,
    /// The call.
    pub call_id: Uuid,
}

/// An answer as a host brings it back.
#[derive(Clone, Debug)]
pub struct HostAnswer {
    /// The question.
    pub approval_id: ApprovalId,
    /// Which agent's host answers.
    pub agent_id: Option<String>,
    /// The operation that is called again.
    pub operation: String,
    /// Its arguments, as they came.
    pub arguments: Map<String, Value>,
    /// Yes or no; none leaves the question to the owner.
    pub approved: Option<bool>,
}

/// Where an answer leads.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The call that asked for the payment: made again, it finds the payment.
    pub call_id: Uuid,
    /// Why the question is still the owner's, or was answered before.
    pub not_taken: Option<String>,
}

impl Engine {
    /// Whether the host's user may be asked; notes the question and what its answer is bound to. Otherwise says why
    /// the owner must answer.
    ///
    /// # Errors
    /// When no such approval of this agent waits, or the store's.
    pub async fn ask_host(&self, call: WaitingCall) -> Result<Result<Paid, String>, Failure> {
        let commit = self.store().commit(move |view| ask(view, &call));
        let asked = commit.await.map_err(refused)?.value;
        asked.map(|id| self.paid(id)).map_or_else(|why| Ok(Err(why)), |paid| paid.map(Ok))
    }

    /// Takes the answer of a host's user, once.
    ///
    /// # Errors
    /// When it belongs to nothing that was asked of this agent with these arguments, or the store's.
    pub async fn take_host_answer(&self, answer: HostAnswer) -> Result<Taken, Failure> {
        let commit = self.store().commit(move |view| take(view, &answer));
        let taken = commit.await.map_err(refused)?.value;
        self.nudge();
        Ok(taken)
    }
}

type Question = Result<(Vec<Event>, Result<PaymentId, String>), Refusal<Failure>>;

fn ask(view: &View<'_>, call: &WaitingCall) -> Question {
    let open = view.approval(call.approval_id)?;
    let Some(approval) = open.filter(|open| open.expires_at_ms > view.now()) else {
        return Err(Refusal::No(no_question()));
    };
    let payment = own_payment(view, approval.payment_id, call.agent_id.as_deref())?;
    if let Some(freeze) = view.freeze()? {
        return Ok((Vec::new(), Err(format!("the wallet is frozen: {}", freeze.reason))));
    }
    if let Some(why) = beyond_caps(view, &payment)? {
        return Ok((Vec::new(), Err(why)));
    }
    let times = view.asked(call.approval_id)?.map_or(0, |asked| asked.times);
    if times >= limits::HOST_QUESTIONS {
        return Ok((Vec::new(), Err(format!("the host was asked {times} times already"))));
    }
    let asked = Body::ApprovalAsked {
        approval_id: call.approval_id,
        channel: Channel::Host,
        operation: call.operation.clone(),
        arguments_hash: hash(&call.arguments),
        call_id: call.call_id,
    };
    Ok((vec![Event::of(payment.id(), asked)], Ok(payment.id())))
}

fn take(view: &View<'_>, answer: &HostAnswer) -> Result<(Vec<Event>, Taken), Refusal<Failure>> {
    let Some(asked) = view.asked(answer.approval_id)? else {
        return Err(Refusal::No(no_question()));
    };
    let payment = own_payment(view, asked.payment_id, answer.agent_id.as_deref())?;
    if !is_bound(&asked, answer) {
        let message = "the answer belongs to a call with other arguments";
        return Err(Refusal::No(Failure::invalid("REQUEST_STATE_MISMATCH", message)
            .hint("Retry with exactly the arguments of the call that asked, or look at get_payment_status")));
    }
    let left = |why: Option<String>| Taken { call_id: asked.call_id, not_taken: why };
    let Some(approved) = answer.approved else {
        let why = "no clear yes or no came back from the host";
        return Ok((Vec::new(), left(Some(why.to_owned()))));
    };
    if approved && let Some(why) = beyond_caps(view, &payment)? {
        return Ok((Vec::new(), left(Some(why))));
    }
    let resolution = Resolution {
        approval_id: answer.approval_id,
        approved,
        channel: Channel::Host,
        reason: None,
        call_id: None,
    };
    match approve::answer(view, &resolution) {
        Ok((events, _)) => Ok((events, left(None))),
        // Answered by somebody else, lapsed or frozen since: the call made again says how it stands.
        Err(Refusal::No(failure)) => Ok((Vec::new(), left(Some(failure.message)))),
        Err(error) => Err(error),
    }
}

fn is_bound(asked: &Asked, answer: &HostAnswer) -> bool {
    asked.operation == answer.operation && asked.arguments_hash == hash(&answer.arguments)
}

/// The payment, if it is this agent's; of another's nobody learns that it exists.
fn own_payment(
    view: &View<'_>,
    id: PaymentId,
    agent: Option<&str>,
) -> Result<Payment, Refusal<Failure>> {
    let payment = view.payment(id)?;
    let own = payment.filter(|payment| owns(agent, payment));
    own.ok_or_else(|| Refusal::No(no_question()))
}

/// Why the policy leaves a payment to the owner, counting what hosts' users approved within a day.
fn beyond_caps(view: &View<'_>, payment: &Payment) -> Result<Option<String>, RowsError> {
    let policy = view.policy()?.map_or_else(Policy::live, |row| row.policy);
    let amount = payment.request.amount;
    let approved = view.host_approved(amount.currency)?;
    if approved.len() >= limits::HOST_APPROVALS_A_DAY {
        return Ok(Some(format!(
            "{} payments were approved in the host within 24 h",
            approved.len()
        )));
    }
    let used = approved.iter().fold(0_u128, |sum, one| sum.saturating_add(one.amount));
    Ok(policy.host_approval.check(amount, used).err().map(|refusal| refusal.to_string()))
}

fn hash(arguments: &Map<String, Value>) -> Digest {
    Digest::of_json(arguments).expect("JSON has a canonical form")
}

fn no_question() -> Failure {
    Failure::invalid("REQUEST_STATE_UNKNOWN", "nothing was asked of this host under that state")
        .hint("Call the tool again without requestState, with the same idempotency key")
}
