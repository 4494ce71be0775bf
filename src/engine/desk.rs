//! What every payment goes through in the transaction that decides it, however it is paid: known already, allowed to
//! ask, alike another, judged.
//!
//! Nothing here may sign: whoever is handed the grant does, in the same transaction.

use std::time::Duration;

use uuid::Uuid;

use super::agents::check_live;
use super::buy_credits::conflict;
use super::sign;
use crate::books::{Body, Event, NewPayment, Payment, View};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::failure::{Failure, Retry};
use crate::ids::{ApprovalId, PaymentId};
use crate::limits;
use crate::nano::Account;
use crate::payment::{Fingerprinted, IdempotencyKey, PublishVia, Purchase, Purpose, State};
use crate::policy::{Grant, Policy, Request, Stage, Verdict};
use crate::store::Refusal;

/// A payment as it is asked for, without what its rail needs.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) call_id: Uuid,
    pub(super) operation: &'static str,
    pub(super) agent_id: Option<String>,
    pub(super) memo: Option<String>,
    pub(super) account: Option<Account>,
    pub(super) idempotency_key: Option<IdempotencyKey>,
    pub(super) publish_via: PublishVia,
    pub(super) purchase: Option<Purchase>,
    pub(super) purpose: Option<Box<Purpose>>,
    pub(super) payment_id: PaymentId,
    pub(super) approval_id: ApprovalId,
}

/// What the transaction that places a payment answers.
pub(super) type Placed = Result<(Vec<Event>, PaymentId), Refusal<Failure>>;

/// A judged payment: its events so far, and the grant if it may be signed now.
pub(super) struct Judged {
    pub(super) events: Vec<Event>,
    pub(super) grant: Option<Grant>,
    pub(super) is_denied: bool,
}

impl Ticket {
    /// What a repeat with the same key must equal; `asked` holds what the caller said, not what it came to. The account a
    /// purchase is paid from is the wallet's choice, made after a repeat is looked for.
    pub(super) fn fingerprint(&self, asked: &Request) -> Digest {
        let named = self.account.filter(|_| self.purchase.is_none());
        Fingerprinted {
            operation: self.operation,
            request: asked,
            memo: self.memo.as_deref(),
            account: &named.map(|account| account.to_string()).unwrap_or_default(),
            purchase: self.purchase.as_ref(),
        }
        .digest()
    }

    /// The payment this call, or its idempotency key, already stands for.
    pub(super) fn known(
        &self,
        view: &View<'_>,
        fingerprint: &Digest,
    ) -> Result<Option<PaymentId>, Refusal<Failure>> {
        if let Some(id) = view.payment_of_call(self.call_id)? {
            return Ok(Some(id));
        }
        let Some(key) = &self.idempotency_key else { return Ok(None) };
        match view.idempotency(self.agent_id.as_deref(), key.as_str())? {
            None => Ok(None),
            Some(row) if row.fingerprint == *fingerprint => Ok(Some(row.payment_id)),
            Some(row) => Err(Refusal::No(conflict(row.payment_id))),
        }
    }

    /// The payment there is already for the same thing at a third party; whoever asks twice is told of the first.
    pub(super) fn same_purpose(
        &self,
        view: &View<'_>,
    ) -> Result<Option<PaymentId>, Refusal<Failure>> {
        let Some(purpose) = &self.purpose else { return Ok(None) };
        if let Some(payment) = view.live_payment_of(&purpose.subject)? {
            if payment.request.agent_id == self.agent_id {
                return Ok(Some(payment.id()));
            }
            let message =
                format!("another agent of this wallet pays or has paid {}", purpose.subject);
            let failure = Failure::refused("ALREADY_PAID", message).hint("It is paid once only");
            return Err(Refusal::No(failure));
        }
        match purpose.sign_before_ms {
            Some(end) if view.now() >= end => Err(Refusal::No(offer_expired())),
            _ => Ok(None),
        }
    }

    /// Whether the agent may ask for anything now.
    pub(super) fn admit(&self, view: &View<'_>) -> Result<(), Refusal<Failure>> {
        check_live(view, self.agent_id.as_deref())?;
        self.check_rate(view)
    }

    fn check_rate(&self, view: &View<'_>) -> Result<(), Refusal<Failure>> {
        let policy = view.policy()?.map_or_else(Policy::live, |row| row.policy);
        let own = view.recent_requests(self.agent_id.as_deref())?;
        let all = view.all_recent_requests()?;
        let counts = [
            (own, policy.payments_per_minute, ""),
            (all, policy.payments_per_minute_overall, " by all agents together"),
        ];
        for (recent, limit, by_whom) in counts {
            if limit == 0 || recent.len() < limit as usize {
                continue;
            }
            let oldest = recent.first().copied().unwrap_or_default();
            let wait = limits::RATE_WINDOW.saturating_sub(view.budget_time()?.since(oldest));
            let count = recent.len();
            let message = format!(
                "{count} payments were asked for{by_whom} in the last 60 s; the limit is {limit}"
            );
            let failure = Failure::refused(RATE_LIMITED, message)
                .hint(format!("Wait {} s", wait.as_secs() + 1))
                .retry(Retry::Safe);
            return Err(Refusal::No(failure));
        }
        Ok(())
    }

    /// Without a key an equal payment is more likely a repeat than a wish.
    pub(super) fn check_lookalikes(
        &self,
        view: &View<'_>,
        request: &Request,
    ) -> Result<(), Refusal<Failure>> {
        if self.idempotency_key.is_some() {
            return Ok(());
        }
        for id in view.lookalikes(request, self.purchase.as_ref())? {
            let Some(payment) = view.payment(id)? else { continue };
            if !is_lookalike(&payment, view.budget_time()?) {
                continue;
            }
            let status = serde_json::to_value(payment.state.status()).unwrap_or_default();
            let alike = match payment.purchase {
                Some(_) => "for the same request",
                None => "to the same payee over the same amount",
            };
            let message =
                format!("payment {id} {alike} is {}", status.as_str().unwrap_or_default());
            let failure = Failure::refused("SUSPECTED_DUPLICATE", message).hint(
                "If it is meant, give this payment an idempotency key of its own; otherwise look at the other with get_payment_status",
            );
            return Err(Refusal::No(failure));
        }
        Ok(())
    }

    /// Judges the payment and writes down how it fell.
    pub(super) fn judge(
        &self,
        view: &View<'_>,
        request: &Request,
        fingerprint: Digest,
    ) -> Result<Judged, Refusal<Failure>> {
        let id = self.payment_id;
        let decision = sign::judge(view, request, Stage::New)?;
        let mut events = vec![
            self.requested(request, fingerprint),
            sign::decided(request, Stage::New, &decision),
        ];
        let is_denied = matches!(decision.verdict, Verdict::Deny);
        let grant = match decision.verdict {
            Verdict::Deny => {
                let (reason_code, reason) = (decision.reason_code, decision.reason);
                events.push(Event::of(id, Body::PaymentBlocked { reason_code, reason }));
                None
            }
            Verdict::NeedsApproval => {
                let expiry = view.policy()?.map_or(0, |row| row.policy.approval_expiry_ms);
                let expires_at = view.now().plus(Duration::from_millis(expiry));
                let sign_before = self.purpose.as_ref().and_then(|purpose| purpose.sign_before_ms);
                let asked = Body::ApprovalRequested {
                    approval_id: self.approval_id,
                    reason: decision.reason,
                    expires_at_ms: sign_before.map_or(expires_at, |end| end.min(expires_at)),
                };
                events.push(Event::of(id, asked));
                None
            }
            Verdict::Allow(grant) => Some(grant),
        };
        Ok(Judged { events, grant, is_denied })
    }

    fn requested(&self, request: &Request, fingerprint: Digest) -> Event {
        let new = NewPayment {
            operation: self.operation.to_owned(),
            request: request.clone(),
            account: self.account,
            memo: self.memo.clone(),
            call_id: self.call_id,
            idempotency_key: self.idempotency_key.clone(),
            fingerprint,
            publish_via: self.publish_via.clone(),
            purchase: self.purchase.clone(),
            purpose: self.purpose.clone(),
        };
        Event::of(self.payment_id, Body::PaymentRequested(Box::new(new)))
    }
}

/// Settled or asked for within the window, or signed and still open. A purchase that is settled may be made again: the
/// next answer may be another.
fn is_lookalike(payment: &Payment, now: Millis) -> bool {
    let recent = |at: Millis| now.since(at) < limits::DUPLICATE_WINDOW;
    match &payment.state {
        State::Released { .. } => false,
        _ if payment.purchase.is_some() => !payment.state.is_final(),
        State::Settled { at_ms, .. } => recent(*at_ms),
        State::Requested | State::Awaiting { .. } => recent(payment.created_at_ms),
        State::Reserved { .. } | State::Intent(_) | State::Unknown(_) => true,
    }
}

fn offer_expired() -> Failure {
    Failure::refused("OFFER_EXPIRED", "what was to be paid can no longer be paid in time")
        .hint("Start again; a new address and amount may come with it")
}

pub(super) const RATE_LIMITED: &str = "RATE_LIMITED";
