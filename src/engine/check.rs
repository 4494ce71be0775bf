//! A dry run: how a payment would be decided now. It must never reserve, sign or write anything.

use super::failures::store_failure;
use super::pay::check_funds;
use super::{Engine, Order, facts, new_payment_id};
use crate::failure::Failure;
use crate::ledger::Head;
use crate::policy::{Claims, Outcome, Policy, ReasonCode, Rule, Stage, decide};

/// How a payment would be decided.
#[derive(Clone, Debug)]
pub struct Checked {
    /// How it would fall.
    pub outcome: Outcome,
    /// Stable code.
    pub reason_code: ReasonCode,
    /// One sentence.
    pub reason: String,
    /// Every rule looked at.
    pub rules: Vec<Rule>,
    /// What would pass, for a denial.
    pub would_pass: Option<String>,
    /// Which version of the claimed mandate.
    pub mandate_version: Option<u32>,
    /// What would be left of each budget of the mandate.
    pub remaining: Vec<String>,
    /// The chain's head when it was looked at.
    pub head: Head,
}

impl Engine {
    /// Decides as if the payment were asked for, and forgets it. The rate limit and suspected duplicates are not
    /// looked at: nothing is asked for.
    ///
    /// # Errors
    /// What asking would fail with before it is decided: no such account, not enough funds; and the store's.
    pub fn check(&self, order: &Order, claims: &Claims) -> Result<Checked, Failure> {
        let head = self.store().head();
        let clock = self.clock().read();
        // What "max" comes to is only known in the transaction that pays.
        let amount = order.amount.least();
        let request = order.request(claims, new_payment_id(clock.now), amount);
        let marker = self.store().marker_reason();
        let read = self.store().read(|view| {
            let policy = view.policy()?.map_or_else(Policy::live, |row| row.policy);
            let mut facts = facts::facts(&view.at(clock)?, &policy, &request, Stage::New)?;
            facts.frozen = facts.frozen.or(marker);
            Ok((decide(&policy, &request, &facts), view.lane(&order.account)?))
        });
        let (decision, lane) = read.map_err(|e| store_failure(&e))?;
        let Some(lane) = lane else {
            let message = format!("the wallet has no account {}", order.account);
            return Err(Failure::invalid("UNKNOWN_ACCOUNT", message));
        };
        // The grant within is dropped here: a dry run signs nothing.
        let outcome = decision.verdict.outcome();
        if outcome != Outcome::Deny {
            check_funds(&lane, amount)?;
        }
        Ok(Checked {
            outcome,
            reason_code: decision.reason_code,
            reason: decision.reason,
            rules: decision.rules,
            would_pass: decision.would_pass,
            mandate_version: decision.mandate_version,
            remaining: decision.remaining,
            head,
        })
    }
}
