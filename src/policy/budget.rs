//! Money set aside and money spent, of one currency under one cap or none.

use serde::{Deserialize, Serialize};

use crate::money::units_text;

/// What a budget has held and settled, in smallest units.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Budget {
    /// Held by undecided and in-flight payments.
    #[serde(with = "units_text")]
    pub reserved: u128,
    /// Settled for good.
    #[serde(with = "units_text")]
    pub settled: u128,
}

/// A booking that cannot be right; the books are not changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BudgetError {
    /// More than 2^128-1 units.
    #[error("the budget overflows")]
    Overflow,
    /// More is given back or settled than was reserved.
    #[error("{asked} units leave a reservation of {reserved}")]
    NotReserved {
        /// What was reserved.
        reserved: u128,
        /// What was to leave it.
        asked: u128,
    },
}

impl Budget {
    /// Settled and reserved together.
    pub fn used(&self) -> Option<u128> {
        self.settled.checked_add(self.reserved)
    }

    /// Sets units aside.
    ///
    /// # Errors
    /// [`BudgetError::Overflow`].
    pub fn reserve(&mut self, units: u128) -> Result<(), BudgetError> {
        self.used().and_then(|used| used.checked_add(units)).ok_or(BudgetError::Overflow)?;
        self.reserved += units;
        Ok(())
    }

    /// Gives units back.
    ///
    /// # Errors
    /// [`BudgetError::NotReserved`].
    pub fn release(&mut self, units: u128) -> Result<(), BudgetError> {
        let rest = self.reserved.checked_sub(units);
        self.reserved =
            rest.ok_or(BudgetError::NotReserved { reserved: self.reserved, asked: units })?;
        Ok(())
    }

    /// Turns reserved units into settled ones.
    ///
    /// # Errors
    /// [`BudgetError::NotReserved`].
    pub fn settle(&mut self, units: u128) -> Result<(), BudgetError> {
        self.release(units)?;
        // `reserve` has checked that both together fit.
        self.settled = self.settled.checked_add(units).ok_or(BudgetError::Overflow)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn settles_at_the_limit_and_refuses_one_past_it() {
        let mut budget = Budget::default();
        budget.reserve(u128::MAX).unwrap();
        assert_eq!(budget.reserve(1), Err(BudgetError::Overflow));
        assert_eq!(budget.release(0), Ok(()));
        budget.settle(u128::MAX).unwrap();
        let refused = BudgetError::NotReserved { reserved: 0, asked: 1 };
        assert_eq!(budget.settle(1), Err(refused));
    }

    proptest! {
        #[test]
        fn nothing_is_made_or_lost(steps in prop::collection::vec((0..3u8, 0..50u128), 0..60)) {
            let mut budget = Budget::default();
            let (mut put_in, mut taken_out) = (0u128, 0u128);
            for (kind, units) in steps {
                match kind {
                    0 => if budget.reserve(units).is_ok() { put_in += units },
                    1 => if budget.release(units).is_ok() { taken_out += units },
                    _ => { let _ = budget.settle(units); }
                }
                prop_assert_eq!(budget.used(), Some(put_in - taken_out));
            }
        }
    }
}
