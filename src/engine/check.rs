//! A dry run: how a payment would be decided now. It must never reserve, sign or write anything.

use super::failures::{refusal_apart, store_failure, unknown_account};
use super::pay::check_funds;
use super::{Engine, Order, Quote, Wish, facts, new_payment_id};
use crate::books::View;
use crate::failure::Failure;
use crate::ledger::Head;
use crate::money::{Money, Raw};
use crate::nano::Account;
use crate::payment::Purchase;
use crate::policy::{Claims, Outcome, Policy, ReasonCode, Request, Rule, Stage, Terms, decide};
use crate::store::Refusal;

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
    /// Decides as if the payment were asked for, and forgets it. It counts towards no rate limit.
    ///
    /// # Errors
    /// What asking would fail with before it is decided: too many requests, a likely duplicate, no such account, not
    /// enough funds; and the store's.
    pub fn check(&self, order: &Order, claims: &Claims) -> Result<Checked, Failure> {
        // What "max" comes to is only known in the transaction that pays.
        let amount = order.amount.least();
        let ticket = order.ticket(new_payment_id(self.clock().now()));
        let request = order.request(claims, ticket.payment_id, amount);
        let admit = |view: &View<'_>| {
            ticket.admit(view)?;
            ticket.check_lookalikes(view, &request)
        };
        self.dry_run(&request, Some(&order.account), admit)
    }

    /// As [`Engine::check`] for a purchase: the seller is asked what it wants now. Whether the wallet holds the money is
    /// not looked at, since it may be moved for it.
    ///
    /// # Errors
    /// When the seller cannot be asked or wants what is not paid; too many requests, a price above what was asked for, a
    /// likely duplicate; and the store's.
    pub async fn check_purchase(&self, wish: &Wish) -> Result<(Checked, Request), Failure> {
        let missing = || Failure::unavailable("NOT_SET_UP", "this wallet cannot pay sellers");
        let x402 = self.x402().ok_or_else(missing)?;
        let call = match &wish.purchase {
            Purchase::X402(call) => call,
            Purchase::Mpp(call) => {
                let (amount, terms) = self.mpp_price(call).await?;
                return self.check_price(wish, amount, terms);
            }
            Purchase::Checkout(_) => return Err(missing()),
        };
        let Quote::Priced(priced) = x402.quote(call, wish.request.amount).await? else {
            let message = "the seller asks for no money";
            return Err(Failure::refused("NOTHING_TO_PAY", message));
        };
        self.check_price(wish, priced.amount(), priced.terms())
    }

    fn check_price(
        &self,
        wish: &Wish,
        amount: Money,
        terms: Terms,
    ) -> Result<(Checked, Request), Failure> {
        let ticket = self.ticket(wish, None);
        let payment_id = ticket.payment_id;
        let request = Request { payment_id, amount, terms: Some(terms), ..wish.request.clone() };
        let checked = self.dry_run(&request, None, |view| wish.admit(&ticket, view, &request))?;
        Ok((checked, request))
    }

    /// Nothing may be looked at here that is not looked at where it is paid, and in the same words.
    fn dry_run(
        &self,
        request: &Request,
        account: Option<&Account>,
        admit: impl Fn(&View<'_>) -> Result<(), Refusal<Failure>>,
    ) -> Result<Checked, Failure> {
        let head = self.store().head();
        let clock = self.clock().read();
        let marker = self.store().marker_reason();
        let read = self.store().read(|view| {
            let view = view.at(clock)?;
            if let Err(failure) = refusal_apart(admit(&view))? {
                return Ok(Err(failure));
            }
            let policy = view.policy()?.map_or_else(Policy::live, |row| row.policy);
            let mut facts = facts::facts(&view, &policy, request, Stage::New)?;
            facts.frozen = facts.frozen.or(marker);
            let lane = account.map(|account| view.lane(account)).transpose()?.flatten();
            Ok(Ok((decide(&policy, request, &facts), lane)))
        });
        let (decision, lane) = read.map_err(|e| store_failure(&e))??;
        // The grant within is dropped here: a dry run signs nothing.
        let outcome = decision.verdict.outcome();
        match (account, lane) {
            (Some(account), None) => {
                return Err(unknown_account(*account));
            }
            (Some(_), Some(lane)) if outcome != Outcome::Deny => {
                check_funds(&lane, request.amount.as_raw().unwrap_or(Raw::MAX))?;
            }
            _ => {}
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
