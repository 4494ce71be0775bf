//! What a payment takes from a mandate's budget, and how much of it is used.
//!
//! Nothing here may convert between currencies but by the owner's pegs, or round.

use serde::{Deserialize, Serialize};

use super::mandate::Cap;
use super::rules::Pegs;
use super::{Budget, Mandate};
use crate::money::{Currency, Money, units_text};

/// What one payment takes from a mandate's budget of one currency.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Charge {
    /// Which budget: the currency of the cap.
    pub currency: Currency,
    /// How much: raw of XNO, millionths of everything else.
    #[serde(with = "units_text")]
    pub units: u128,
}

/// How much of a mandate's budget of one currency is used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// Held and settled, for ever.
    pub total: Budget,
    /// Payments that hold budget.
    pub held_count: u32,
    /// Settled within the window.
    pub window_units: u128,
    /// Payments settled within the window.
    pub window_count: u64,
}

impl Mandate {
    /// The cap a payment counts against: that of its own currency, or of the one it is pegged to.
    pub fn cap_for(&self, currency: Currency, pegs: &Pegs) -> Option<&Cap> {
        let of = |currency: Currency| self.caps.iter().find(|cap| cap.cap.currency == currency);
        of(currency).or_else(|| pegs.get(&currency).and_then(|other| of(*other)))
    }

    /// What a payment takes from which budget; `None` where no cap counts its currency exactly.
    pub fn charge(&self, amount: &Money, pegs: &Pegs) -> Option<Charge> {
        let currency = self.cap_for(amount.currency, pegs)?.cap.currency;
        Some(Charge { currency, units: amount.budget_units()? })
    }
}

impl Usage {
    /// What it would be without what one payment holds.
    #[must_use]
    pub fn without(mut self, held: Charge) -> Self {
        self.total.reserved = self.total.reserved.saturating_sub(held.units);
        self.held_count = self.held_count.saturating_sub(1);
        self
    }

    /// Held, and settled within the window.
    pub fn in_window(&self) -> Option<u128> {
        self.total.reserved.checked_add(self.window_units)
    }

    /// Payments that hold budget, and those settled within the window.
    pub fn count_in_window(&self) -> u64 {
        self.window_count.saturating_add(u64::from(self.held_count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: u128, code: &str) -> Money {
        Money { amount, currency: code.parse().unwrap() }
    }

    fn mandate() -> Mandate {
        let text = r#"{"id":"m","cap":{"amount":"7","currency":"USD"},
            "caps":[{"cap":{"amount":"9","currency":"EUR"}}]}"#;
        serde_json::from_str(text).unwrap()
    }

    fn pegs(pairs: &[(&str, &str)]) -> Pegs {
        pairs.iter().map(|(from, to)| (from.parse().unwrap(), to.parse().unwrap())).collect()
    }

    #[test]
    fn a_payment_counts_against_its_own_currency_before_the_one_it_is_pegged_to() {
        let (mandate, pegs) = (mandate(), pegs(&[("USDC", "USD"), ("EUR", "USD"), ("GBP", "CHF")]));
        for (code, cap) in
            [("USD", Some(7)), ("EUR", Some(9)), ("USDC", Some(7)), ("GBP", None), ("XNO", None)]
        {
            let found = mandate.cap_for(code.parse().unwrap(), &pegs);
            assert_eq!(found.map(|cap| cap.cap.amount), cap, "{code}");
        }
    }

    #[test]
    fn a_charge_is_in_the_units_of_its_budget_or_is_none() {
        let (mandate, pegs) = (mandate(), pegs(&[("USDC", "USD")]));
        let usd = "USD".parse().unwrap();
        for (amount, units) in [
            (money(1, "USD"), Some(10_000)),
            (money(1, "USDC"), Some(1)),
            (money(u128::MAX / 10_000, "USD"), Some(u128::MAX / 10_000 * 10_000)),
            (money(u128::MAX / 10_000 + 1, "USD"), None),
            (money(u128::MAX, "USDC"), Some(u128::MAX)),
            (money(1, "CHF"), None),
        ] {
            let charge = units.map(|units| Charge { currency: usd, units });
            assert_eq!(mandate.charge(&amount, &pegs), charge, "{amount}");
        }
    }

    #[test]
    fn what_is_held_counts_and_ones_own_part_does_not() {
        let currency = "USD".parse().unwrap();
        let total = Budget { reserved: 30, settled: 500 };
        let usage = Usage { total, held_count: 2, window_units: 100, window_count: 5 };
        assert_eq!((usage.in_window(), usage.count_in_window()), (Some(130), 7));
        let others = usage.without(Charge { currency, units: 20 });
        assert_eq!((others.total, others.held_count), (Budget { reserved: 10, settled: 500 }, 1));
        assert_eq!((others.in_window(), others.count_in_window()), (Some(110), 6));
        let full = Usage { window_units: u128::MAX, window_count: u64::MAX, ..usage };
        assert_eq!((full.in_window(), full.count_in_window()), (None, u64::MAX));
        // Books that do not fit each other must not wrap round.
        let none = Usage::default().without(Charge { currency, units: 1 });
        assert_eq!(none, Usage::default());
    }
}
