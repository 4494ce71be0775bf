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
