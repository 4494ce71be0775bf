//! The caps of a mandate: in one payment, for one item, for ever, and in a rolling window.
//!
//! What is held counts like what is settled. Nothing here may compare amounts of different currencies but by a peg.

use super::charge::{Charge, Usage};
use super::mandate::{Cap, Window};
use super::mandate_rules::MandateRules;
use super::rules::within;
use super::{Claimed, Pegs, Policy, ReasonCode};
use crate::money::{BudgetAmount, Money};

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

impl MandateRules<'_> {
    /// Currency, caps and windows; what the payment takes, where a cap counts it.
    pub(super) fn caps(&mut self, policy: &Policy, claimed: &Claimed) -> Option<Charge> {
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
