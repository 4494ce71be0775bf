//! The decision. Hard refusals first, then whether the owner must be asked; equal to a limit passes.

use serde::{Deserialize, Serialize};

use super::mandate_caps::remaining;
use super::mandate_rules::{cart_fits, judge_mandate};
use super::rules::within;
use super::{Charge, Grant, Mandate, Mode, Policy, ReasonCode, Request, Rule, Trace, Usage};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::limits;

/// What is known in the deciding transaction.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Why the wallet is frozen, if it is.
    pub frozen: Option<String>,
    /// Approvals that wait for the owner.
    pub approvals_waiting: u32,
    /// Where the payment stands.
    pub stage: Stage,
    /// Ledger time.
    pub now: Millis,
    /// The claimed mandate, if there is one of that id.
    pub claimed: Option<Claimed>,
    /// What the payee sells, by the owner's table.
    pub payee_category: Option<String>,
    /// What the merchant of a verified cart sells, by the owner's table.
    pub merchant_category: Option<String>,
    /// Who was paid at this seller on this network the last time.
    pub pinned: Option<String>,
}

/// The mandate a payment claims, and how much of it is used.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The mandate.
    pub mandate: Mandate,
    /// Which version.
    pub version: u32,
    /// Whether the owner has taken it back.
    pub revoked: bool,
    /// What is used of the budget the payment counts against, its own part included.
    pub usage: Usage,
    /// What this payment holds of it already.
    pub held: Option<Charge>,
}

impl Claimed {
    /// What the others have used.
    pub(super) fn usage_without_own(&self) -> Usage {
        self.held.map_or(self.usage, |held| self.usage.without(held))
    }
}

/// Where the payment stands when it is judged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Asked for the first time.
    New,
    /// Allowed without the owner and waiting for its turn; the rules that forbid are looked at again.
    Queued,
    /// The owner said yes; the rules that forbid are looked at again.
    Approved,
}

/// How it fell, and why.
#[derive(Debug)]
pub struct Decision {
    /// May it be signed, must the owner be asked, or neither.
    pub verdict: Verdict,
    /// Stable code.
    pub reason_code: ReasonCode,
    /// One sentence.
    pub reason: String,
    /// Every rule looked at.
    pub rules: Vec<Rule>,
    /// What would pass, for a denial.
    pub would_pass: Option<String>,
    /// Which policy decided.
    pub policy_hash: Digest,
    /// Which version of the claimed mandate.
    pub mandate_version: Option<u32>,
    /// What the payment takes from the mandate's budget, unless it is denied.
    pub charge: Option<Charge>,
    /// What is left of each budget of the mandate after this decision.
    pub remaining: Vec<String>,
}

/// How a decision fell.
#[derive(Debug)]
pub enum Verdict {
    /// May be signed once.
    Allow(Grant),
    /// The owner must be asked.
    NeedsApproval,
    /// May not be paid.
    Deny,
}

impl Verdict {
    /// The word events carry.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Allow(_) => Outcome::Allow,
            Self::NeedsApproval => Outcome::NeedsApproval,
            Self::Deny => Outcome::Deny,
        }
    }
}

/// [`Verdict`] without its grant, as `policy.decided` has it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// See [`Verdict::Allow`].
    Allow,
    /// See [`Verdict::NeedsApproval`].
    NeedsApproval,
    /// See [`Verdict::Deny`].
    Deny,
}

impl Outcome {
    /// The word as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::NeedsApproval => "needs_approval",
            Self::Deny => "deny",
        }
    }
}

/// Judges one payment. The amount must be positive; that is an invariant of [`Request`], checked again here.
pub fn decide(policy: &Policy, request: &Request, facts: &Facts) -> Decision {
    let mut judge = Judge { policy, request, trace: Trace::default(), charge: None };
    let finding = judge.refuse(facts).unwrap_or_else(|| judge.ask_or_allow(facts));
    let charge = judge.charge.filter(|_| !matches!(finding.kind, Kind::Deny));
    let verdict = match finding.kind {
        Kind::Deny => Verdict::Deny,
        Kind::Ask => Verdict::NeedsApproval,
        Kind::Allow => Verdict::Allow(Grant::new(
            request.payment_id,
            request.amount,
            request.recipient().to_owned(),
        )),
    };
    Decision {
        verdict,
        reason_code: finding.code,
        reason: finding.reason,
        rules: judge.trace.into_rules(),
        would_pass: finding.would_pass,
        policy_hash: policy.hash(),
        mandate_version: facts.claimed.as_ref().map(|claimed| claimed.version),
        remaining: left(policy, request, facts, charge),
        charge,
    }
}

/// An agent the mandate is not for is not told what others have spent.
fn left(policy: &Policy, request: &Request, facts: &Facts, charge: Option<Charge>) -> Vec<String> {
    let concerned = |claimed: &&Claimed| {
        let agent = &claimed.mandate.agent_id;
        agent.is_none() || *agent == request.agent_id
    };
    let Some(claimed) = facts.claimed.as_ref().filter(concerned) else { return Vec::new() };
    let cap = claimed.mandate.cap_for(request.amount.currency, &policy.pegs);
    cap.map(|cap| remaining(cap, &claimed.usage_without_own(), charge)).unwrap_or_default()
}

struct Judge<'a> {
    policy: &'a Policy,
    request: &'a Request,
    trace: Trace,
    charge: Option<Charge>,
}

pub(super) struct Finding {
    kind: Kind,
    code: ReasonCode,
    reason: String,
    would_pass: Option<String>,
}

enum Kind {
    Deny,
    Ask,
    Allow,
}

impl Judge<'_> {
    /// Rules that forbid, whoever has approved.
    fn refuse(&mut self, facts: &Facts) -> Option<Finding> {
        assert!(self.request.amount.amount > 0, "a request has a positive amount");
        let thawed = self.trace.note(
            "not_frozen",
            facts.frozen.is_none(),
            facts.frozen.as_deref().unwrap_or("the wallet is live"),
        );
        if !thawed {
            let reason = format!("the wallet is frozen: {}", facts.frozen.as_deref().unwrap_or(""));
            return Some(deny(
                ReasonCode::WalletFrozen,
                reason,
                "nothing until the owner unfreezes it",
            ));
        }
        self.refuse_amount().or_else(|| self.refuse_cart()).or_else(|| self.refuse_mandate(facts))
    }

    fn refuse_amount(&mut self) -> Option<Finding> {
        let amount = self.request.amount;
        let Some(limits) = self.policy.limits_for(&amount) else {
            let currency = amount.currency;
            self.trace.note("currency_has_limit", false, format!("no limit is set for {currency}"));
            let reason = format!("the owner has set no limit for {currency}");
            return Some(deny(ReasonCode::NoLimitForCurrency, reason, "a currency with a limit"));
        };
        let hard = limits.hard_limit;
        let passes = within(&amount, &hard, &self.policy.pegs);
        if self.trace.note("hard_limit", passes, format!("{amount} of at most {hard}")) {
            return None;
        }
        let reason = format!("{amount} is above the hard limit of {hard}");
        Some(deny(ReasonCode::HardLimit, reason, &format!("at most {hard}")))
    }

    fn refuse_cart(&mut self) -> Option<Finding> {
        let cart = self.request.cart.as_ref()?;
        let detail = format!("the cart costs {}, asked {}", cart.total, self.request.amount);
        if self.trace.note("cart_total", cart_fits(self.request), detail.clone()) {
            return None;
        }
        let would_pass = format!("the cart's own {}", cart.total);
        Some(deny(ReasonCode::CartMismatch, detail, &would_pass))
    }

    fn refuse_mandate(&mut self, facts: &Facts) -> Option<Finding> {
        let id = self.request.mandate_id.as_deref()?;
        let found = facts.claimed.as_ref();
        let detail = match found {
            Some(_) => format!("{id:?}"),
            None => format!("no mandate has the id {id:?}"),
        };
        self.trace.note("mandate_exists", found.is_some(), detail.clone());
        let Some(claimed) = found else {
            let would_pass = "the id of a mandate from list_mandates, or none";
            return Some(deny(ReasonCode::UnknownMandate, detail, would_pass));
        };
        let judged = judge_mandate(self.policy, self.request, facts, claimed, &mut self.trace);
        self.charge = judged.charge;
        judged.refused
    }

    /// Whether the owner must be asked, once nothing forbids it.
    fn ask_or_allow(&mut self, facts: &Facts) -> Finding {
        match facts.stage {
            Stage::New => {}
            Stage::Queued => {
                self.trace.note("allowed_before", true, "nothing forbids it now either");
                return allow(ReasonCode::Allowed, "within what an agent may pay alone");
            }
            Stage::Approved => {
                self.trace.note("approved", true, "decided before, and nothing forbids it now");
                return allow(ReasonCode::Approved, "approved, and nothing forbids it");
            }
        }
        let asked = self.changed_recipient(facts).or_else(|| self.surcharge());
        match asked.or_else(|| self.needs_owner()) {
            None => allow(ReasonCode::Allowed, "within what an agent may pay alone"),
            Some(reason) if facts.approvals_waiting >= limits::APPROVALS_WAITING => {
                let full = format!("{} approvals wait already", facts.approvals_waiting);
                self.trace.note("approvals_queue", false, full.clone());
                deny(
                    ReasonCode::ApprovalsFull,
                    format!("{reason}, but {full}"),
                    "a payment within the threshold, or this one after the owner has answered some",
                )
            }
            Some(reason) => Finding {
                kind: Kind::Ask,
                code: ReasonCode::ApprovalRequired,
                reason,
                would_pass: None,
            },
        }
    }

    /// A seller that wants its money elsewhere than before may be somebody else.
    fn changed_recipient(&mut self, facts: &Facts) -> Option<String> {
        let terms = self.request.terms.as_ref()?;
        let pinned = facts.pinned.as_deref()?;
        let (same, wanted) = (pinned == terms.pay_to, &terms.pay_to);
        let detail = format!("paid to {pinned} before, wants {wanted} now");
        self.trace.note("pinned_recipient", same, detail);
        (!same).then(|| format!("the seller was paid at {pinned} before and wants {wanted} now"))
    }

    /// What a merchant adds for itself nobody asked for, and no price of a thing shows it.
    fn surcharge(&mut self) -> Option<String> {
        let surcharge = self.request.cart.as_ref()?.surcharge?;
        self.trace.note("no_surcharge", false, format!("the merchant adds {surcharge}"));
        Some(format!("the merchant adds {surcharge} of fees or wrapping"))
    }

    fn needs_owner(&mut self) -> Option<String> {
        let without_mandate = !self.policy.require_mandate || self.request.mandate_id.is_some();
        if !self.trace.note(
            "mandate_required",
            without_mandate,
            "without a mandate the owner decides",
        ) {
            return Some("no mandate covers it".to_owned());
        }
        let amount = self.request.amount;
        let Some(limits) = self.policy.limits_for(&amount) else {
            return Some(format!("no threshold is set for {}", amount.currency));
        };
        let threshold = limits.auto_approve;
        match self.policy.mode {
            Mode::Autonomous => {
                self.trace.note("mode", true, "autonomous");
                None
            }
            Mode::ApproveEvery => {
                self.trace.note("mode", false, "every payment needs the owner");
                Some("the owner approves every payment".to_owned())
            }
            Mode::Tiered => {
                let below = within(&amount, &threshold, &self.policy.pegs);
                self.trace.note("auto_approve", below, format!("{amount} of at most {threshold}"));
                (!below).then(|| format!("{amount} is above the threshold of {threshold}"))
            }
        }
    }
}

pub(super) fn deny(code: ReasonCode, reason: String, would_pass: &str) -> Finding {
    Finding { kind: Kind::Deny, code, reason, would_pass: Some(would_pass.to_owned()) }
}

fn allow(code: ReasonCode, reason: &str) -> Finding {
    Finding { kind: Kind::Allow, code, reason: reason.to_owned(), would_pass: None }
}

#[cfg(test)]
mod tests;
