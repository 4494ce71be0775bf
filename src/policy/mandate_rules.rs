//! The rules of one mandate, each looked at, so that whoever is refused sees everything that stands in the way.
//!
//! What an agent claims must never satisfy a rule here; it can only break one.

use std::collections::BTreeSet;

use super::cart::category;
use super::charge::{Charge, Usage};
use super::decide::{Finding, deny};
use super::mandate::{Cap, Window};
use super::rules::within;
use super::{Claimed, Facts, Mandate, Pegs, Policy, ReasonCode, Request, Trace, payee_key};
use crate::limits;
use crate::money::{BudgetAmount, Money};

/// What a mandate says of one payment.
pub(super) struct MandateVerdict {
    /// The first rule that forbids it.
    pub(super) refused: Option<Finding>,
    /// What the payment takes, where a cap counts it.
    pub(super) charge: Option<Charge>,
}

/// Looks at every rule of the mandate.
pub(super) fn judge_mandate(
    policy: &Policy,
    request: &Request,
    facts: &Facts,
    claimed: &Claimed,
    trace: &mut Trace,
) -> MandateVerdict {
    let mandate = &claimed.mandate;
    let mut rules = MandateRules { mandate, request, facts, trace, refused: None };
    rules.validity(claimed);
    rules.rail_and_payee();
    rules.categories();
    rules.merchant();
    let charge = rules.caps(policy, claimed);
    MandateVerdict { refused: rules.refused, charge }
}

/// What is left of each budget the payment counts against, one line for each.
pub(super) fn remaining(cap: &Cap, usage: &Usage, charge: Option<Charge>) -> Vec<String> {
    let extra = charge.map_or(0, |charge| charge.units);
    let currency = cap.cap.currency;
    let left = |used: Option<u128>, limit: &Money| {
        let used = used.unwrap_or(u128::MAX).saturating_add(extra);
        let units = limit.budget_units().unwrap_or(0).saturating_sub(used);
        format!("{} of {limit} left", BudgetAmount { units, currency })
    };
    let mut lines = vec![format!("cap: {}", left(usage.total.used(), &cap.cap))];
    if let Some(window) = &cap.window {
        let length = length(window);
        if let Some(limit) = &window.cap {
            lines.push(format!("window of {length}: {}", left(usage.in_window(), limit)));
        }
        if let Some(max) = window.max_count {
            let used = usage.count_in_window().saturating_add(u64::from(charge.is_some()));
            let left = u64::from(max).saturating_sub(used);
            lines.push(format!("window of {length}: {left} of {max} payments left"));
        }
    }
    lines
}

struct MandateRules<'a> {
    mandate: &'a Mandate,
    request: &'a Request,
    facts: &'a Facts,
    trace: &'a mut Trace,
    refused: Option<Finding>,
}

impl MandateRules<'_> {
    /// Notes a rule; the first one broken is the reason for the denial.
    fn rule(
        &mut self,
        name: &'static str,
        pass: bool,
        detail: impl Into<String>,
        code: ReasonCode,
        would_pass: &str,
    ) {
        let detail = detail.into();
        if !self.trace.note(name, pass, detail.clone()) && self.refused.is_none() {
            let reason = format!("mandate {} forbids it: {detail}", self.mandate.id);
            self.refused = Some(deny(code, reason, would_pass));
        }
    }

    fn validity(&mut self, claimed: &Claimed) {
        let version = claimed.version;
        let state = if claimed.revoked { "revoked" } else { "in force" };
        self.rule(
            "mandate_active",
            !claimed.revoked,
            format!("version {version} is {state}"),
            ReasonCode::MandateRevoked,
            "another mandate from list_mandates",
        );
        let mandate = self.mandate;
        if let Some(expires) = mandate.expires_at {
            let (pass, now) = (self.facts.now < expires, self.facts.now);
            let detail = format!("it is {now}, and it ends at {expires}");
            let code = ReasonCode::MandateExpired;
            self.rule("mandate_not_expired", pass, detail, code, "another mandate");
        }
        if let Some(agent) = &mandate.agent_id {
            let pass = self.request.agent_id.as_ref() == Some(agent);
            // Who else may use it is not for this agent to know.
            let detail = if pass { "it is this agent's" } else { "it is another agent's" };
            let code = ReasonCode::MandateOtherAgent;
            self.rule("mandate_agent", pass, detail, code, "a mandate from list_mandates");
        }
        if let Some(hours) = &mandate.allowed_hours {
            let (pass, now) = (hours.contain(self.facts.now), self.facts.now);
            let detail = format!("it is {now}, and it may be used {hours}");
            let would_pass = format!("the same within {hours}");
            self.rule("allowed_hours", pass, detail, ReasonCode::OutsideAllowedHours, &would_pass);
        }
    }

    fn rail_and_payee(&mut self) {
        if let Some(rails) = &self.mandate.rails {
            let rail = self.request.rail;
            let names: Vec<&str> = rails.iter().map(|rail| rail.as_str()).collect();
            let names = names.join(", ");
            let detail = format!("rail {rail}, allowed: {names}");
            let pass = rails.contains(&rail);
            self.rule("rails", pass, detail, ReasonCode::RailNotAllowed, &names);
        }
        if let Some(payees) = &self.mandate.allowed_payees {
            let pass = payees.contains(&payee_key(&self.request.payee.address));
            let detail = match pass {
                true => "the payee is on the list",
                false => "the payee is not on the list",
            };
            let would_pass = "a payee in allowedPayees of list_mandates";
            let code = ReasonCode::PayeeNotAllowed;
            self.rule("allowed_payees", pass, detail, code, would_pass);
        }
    }

    /// By the owner's tables or a verified cart; a claim can only be a reason to block.
    fn categories(&mut self) {
        let (known, missing) = self.known_categories();
        if let Some(allowed) = &self.mandate.allowed_categories {
            let stranger = known.iter().find(|name| !allowed.contains(*name));
            let words = list(allowed);
            let (pass, code, detail) = match stranger {
                Some(name) => (
                    false,
                    ReasonCode::CategoryNotAllowed,
                    format!("category {name:?}, allowed: {words}"),
                ),
                None if missing || known.is_empty() => (
                    false,
                    ReasonCode::CategoryUnknown,
                    format!("the category is not known to the owner, allowed: {words}"),
                ),
                None => {
                    (true, ReasonCode::CategoryNotAllowed, format!("{} is allowed", list(&known)))
                }
            };
            let would_pass = "a payee the owner has given one of these categories";
            self.rule("allowed_categories", pass, detail, code, would_pass);
        }
        if !self.mandate.blocked_categories.is_empty() {
            let claimed = self.request.claims.categories().map(category);
            let all: BTreeSet<String> = known.into_iter().chain(claimed).collect();
            let found = all.iter().find(|name| self.mandate.blocked_categories.contains(*name));
            let detail = match found {
                Some(name) => format!("category {name:?} is blocked"),
                None => format!("none of {} is blocked", list(&all)),
            };
            let (pass, code) = (found.is_none(), ReasonCode::CategoryBlocked);
            self.rule("blocked_categories", pass, detail, code, "the same without what is blocked");
        }
    }

    /// Categories somebody other than the agent vouches for, and whether some item has none.
    fn known_categories(&self) -> (BTreeSet<String>, bool) {
        let facts = self.facts;
        let tables = [&facts.payee_category, &facts.merchant_category];
        let mut known: BTreeSet<String> =
            tables.into_iter().flatten().map(|name| category(name)).collect();
        let Some(cart) = &self.request.cart else { return (known, facts.payee_category.is_none()) };
        let mut missing = cart.line_items.is_empty() && facts.merchant_category.is_none();
        for item in &cart.line_items {
            match &item.category {
                Some(name) => drop(known.insert(category(name))),
                None => missing |= facts.merchant_category.is_none(),
            }
        }
        (known, missing)
    }

    fn merchant(&mut self) {
        let cart = self.request.cart.as_ref();
        let unverified = "no verified cart says who the merchant is";
        let mandate = self.mandate;
        let pins = [
            (
                "allowed_merchants",
                &mandate.allowed_merchants,
                cart.map(|cart| cart.merchant_id.as_str()),
            ),
            (
                "allowed_merchant_domains",
                &mandate.allowed_merchant_domains,
                cart.map(|cart| cart.merchant_domain.as_str()),
            ),
        ];
        for (name, allowed, found) in pins {
            let Some(allowed) = allowed else { continue };
            let words = list(allowed);
            let would_pass = format!("a checkout at {words}");
            let (pass, code, detail) = match found {
                Some(found) => (
                    allowed.contains(found),
                    ReasonCode::MerchantNotAllowed,
                    format!("{found:?}, allowed: {words}"),
                ),
                None => (false, ReasonCode::MerchantUnverified, unverified.to_owned()),
            };
            self.rule(name, pass, detail, code, &would_pass);
        }
    }

    fn caps(&mut self, policy: &Policy, claimed: &Claimed) -> Option<Charge> {
        let amount = self.request.amount;
        let mandate = self.mandate;
        let cap = mandate.cap_for(amount.currency, &policy.pegs);
        let charge = mandate.charge(&amount, &policy.pegs);
        let currencies: Vec<String> =
            mandate.caps.iter().map(|cap| cap.cap.currency.to_string()).collect();
        let currencies = currencies.join(", ");
        let detail = format!("{}, capped: {currencies}", amount.currency);
        let counted = cap.is_some() && charge.is_some();
        let code = ReasonCode::CurrencyMismatch;
        self.rule("mandate_currency", counted, detail, code, &currencies);
        let (Some(cap), Some(charge)) = (cap, charge) else { return None };
        // What was set aside when it was allowed must be what it is counted as now, or one of them would be wrong.
        if let Some(held) = claimed.held.filter(|held| *held != charge) {
            let detail = format!("it was set aside in {}, which changed since", held.currency);
            self.rule("mandate_budget", false, detail, code, "a new payment");
        }
        self.single(cap, &policy.pegs);
        self.budgets(cap, &claimed.usage_without_own(), charge);
        Some(charge)
    }

    /// What one payment and one item may cost.
    fn single(&mut self, cap: &Cap, pegs: &Pegs) {
        let amount = self.request.amount;
        if let Some(limit) = &cap.per_txn {
            let detail = format!("{amount} of at most {limit}");
            let would_pass = format!("at most {limit}");
            let pass = within(&amount, limit, pegs);
            self.rule("per_txn_cap", pass, detail, ReasonCode::PerTxnCap, &would_pass);
        }
        let Some(limit) = &cap.per_item else { return };
        let verified = self.request.cart.as_ref().map(|cart| cart.line_items.as_slice());
        let claimed = &self.request.claims.line_items;
        // A cart without prices says as little as none: then the whole payment is one item.
        let priced = verified.is_some_and(|items| {
            !items.is_empty() && items.iter().all(|i| i.unit_amount.is_some())
        });
        let whole = (!priced).then_some(amount);
        let items = verified.unwrap_or_default().iter().chain(claimed);
        let mut prices = items.filter_map(|item| item.unit_amount).chain(whole);
        let above = prices.find(|price| !within(price, limit, pegs));
        let detail = match above {
            Some(price) => format!("{price} of at most {limit} for one item"),
            None => format!("every item costs at most {limit}"),
        };
        let would_pass = format!("items of at most {limit} each");
        self.rule("per_item_cap", above.is_none(), detail, ReasonCode::PerItemCap, &would_pass);
    }

    /// Settled and held together never exceed a cap: for ever, and in any window.
    fn budgets(&mut self, cap: &Cap, usage: &Usage, charge: Charge) {
        let code = ReasonCode::MandateCap;
        self.budget("mandate_cap", usage.total.used(), &cap.cap, charge, code);
        let Some(window) = &cap.window else { return };
        if let Some(limit) = &window.cap {
            let code = ReasonCode::WindowCap;
            self.budget("window_cap", usage.in_window(), limit, charge, code);
        }
        if let Some(max) = window.max_count {
            let used = usage.count_in_window();
            let pass = used < u64::from(max);
            let length = length(window);
            let detail = format!("payment {} of at most {max} in {length}", used.saturating_add(1));
            let would_pass = format!("the same once one of them is {length} old");
            self.rule("window_count", pass, detail, ReasonCode::WindowCount, &would_pass);
        }
    }

    fn budget(
        &mut self,
        name: &'static str,
        used: Option<u128>,
        limit: &Money,
        charge: Charge,
        code: ReasonCode,
    ) {
        let all = used.and_then(|used| used.checked_add(charge.units));
        let most = limit.budget_units().unwrap_or(0);
        let shown = |units: u128| BudgetAmount { units, currency: charge.currency };
        let used = used.unwrap_or(u128::MAX);
        let (asked, used_up) = (shown(charge.units), shown(used));
        let detail = format!("{asked} on top of {used_up}, of at most {limit}");
        let would_pass = match most.saturating_sub(used) {
            0 => "nothing more in this budget now".to_owned(),
            left => format!("at most {}", shown(left)),
        };
        self.rule(name, all.is_some_and(|all| all <= most), detail, code, &would_pass);
    }
}

/// Whether the merchant's own total is what is to be paid; a cart that costs more would be paid in part.
pub(super) fn cart_fits(request: &Request) -> bool {
    request.cart.as_ref().is_none_or(|cart| {
        cart.total.currency == request.amount.currency && cart.total.amount <= request.amount.amount
    })
}

/// The first of them: a decision must fit its event however long the lists it looked at are.
fn list(words: &BTreeSet<String>) -> String {
    let mut shown = String::new();
    for (index, word) in words.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        if shown.len() + comma.len() + word.len() > limits::RULE_LIST_BYTES {
            let more = words.len() - index;
            return if index == 0 {
                format!("{more} entries")
            } else {
                format!("{shown} and {more} more")
            };
        }
        shown.push_str(comma);
        shown.push_str(word);
    }
    shown
}

fn length(window: &Window) -> String {
    let seconds = window.duration.as_secs();
    let whole = window.duration.subsec_millis() == 0;
    match seconds {
        _ if !whole => format!("{} ms", window.duration.as_millis()),
        s if s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s % 3_600 == 0 => format!("{} h", s / 3_600),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests;
