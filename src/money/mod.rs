//! Amounts of money: integers only, exact text in and out.
//!
//! This module must never use floating point, round, wrap around, or guess at a malformed number.

mod currency;
mod decimal;
mod minor;
mod raw;

pub use currency::{Currency, CurrencyError, Money, units_text};
pub use decimal::AmountError;
pub use minor::{BudgetAmount, MoneyTextError};
pub use raw::Raw;
