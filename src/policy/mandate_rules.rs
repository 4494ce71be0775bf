//! The rules of one mandate, each looked at, so that whoever is refused sees everything that stands in the way.
//!
//! What an agent claims must never satisfy a rule here; it can only break one.

use std::collections::BTreeSet;

use super::cart::category;
use super::charge::Charge;
use super::decide::{Finding, deny};
use super::{Claimed, Facts, Mandate, Policy, ReasonCode, Request, Trace, payee_key};
use crate::limits;

/// What a mandate says of one payment.
pub(super) struct MandateVerdict {
    /// The first rule that forbids it.
    pub(super) refused: Option<Finding>,
    /// What the payment takes, where a cap counts it.
    pub(super) charge: Option<Charge>,
}

/// Looks at every rule of the mandate; of another agent's none but that it is: its numbers are not this agent's to see.
pub(super) fn judge_mandate(
    policy: &Policy,
    request: &Request,
    facts: &Facts,
    claimed: &Claimed,
    trace: &mut Trace,
) -> MandateVerdict {
    let mandate = &claimed.mandate;
    let mut rules = MandateRules { mandate, request, facts, trace, refused: None };
    if !rules.owner() {
        return MandateVerdict { refused: rules.refused, charge: None };
    }
    rules.validity(claimed);
    rules.rail_and_payee();
    rules.categories();
    rules.merchant();
    let charge = rules.caps(policy, claimed);
    MandateVerdict { refused: rules.refused, charge }
}

/// Looks at the rules one after the other.
pub(super) struct MandateRules<'a> {
    pub(super) mandate: &'a Mandate,
    pub(super) request: &'a Request,
    facts: &'a Facts,
    trace: &'a mut Trace,
    refused: Option<Finding>,
}

impl MandateRules<'_> {
    /// Notes a rule; the first one broken is the reason for the denial.
    pub(super) fn rule(
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

    fn owner(&mut self) -> bool {
        let Some(agent) = &self.mandate.agent_id else { return true };
        let pass = self.request.agent_id.as_ref() == Some(agent);
        // Who else may use it is not for this agent to know.
        let detail = if pass { "it is this agent's" } else { "it is another agent's" };
        let code = ReasonCode::MandateOtherAgent;
        self.rule("mandate_agent", pass, detail, code, "a mandate from list_mandates");
        pass
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
            let request = self.request;
            // A seller of HTTP resources may be listed by URL, by origin or by host.
            let places = [request.origin(), request.seller_host()];
            let pass = payees.contains(&payee_key(&request.payee.address))
                || places.into_iter().flatten().any(|place| payees.contains(place));
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
        let unverified = "no verified cart or seller says who the merchant is";
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
                cart.map(|cart| cart.merchant_domain.as_str()).or(self.request.seller_host()),
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

#[cfg(test)]
mod tests;
