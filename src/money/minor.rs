//! What a currency's smallest unit is worth, exact text such as `12.50 USD`, and the units budgets are counted in.
//!
//! This module must never guess: a currency that is not in the table has no decimals, no text and no budget.

use std::fmt;
use std::str::FromStr;

use super::decimal::{self, AmountError};
use super::{Currency, Money};
use crate::limits;

/// Why a text is no amount of money.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MoneyTextError {
    /// Not an amount, one space, and a currency.
    #[error("money is written as an amount, a space and a currency, such as 12.50 USD or 0.5 XNO")]
    Shape,
    /// The number.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// Its smallest unit is not known here.
    #[error("how many decimals {0} has is not known here")]
    UnknownCurrency(String),
}

impl Currency {
    /// Decimals of the smallest unit: 30 for XNO, 2 for USD, 6 for USDC. `None` for a currency nobody has told us of.
    pub fn decimals(&self) -> Option<usize> {
        if *self == Self::XNO {
            return Some(limits::XNO_DECIMALS);
        }
        let known = DECIMALS.iter().find(|(_, codes)| codes.contains(&self.as_str()));
        known.map(|(decimals, _)| *decimals)
    }

    /// Decimals of the unit its budgets are counted in: raw for XNO, millionths for everything else.
    fn budget_decimals(&self) -> usize {
        if *self == Self::XNO { limits::XNO_DECIMALS } else { limits::BUDGET_DECIMALS }
    }
}

impl Money {
    /// The amount in the units budgets are counted in: raw of XNO, millionths of everything else (DESIGN §2.5).
    /// `None` where that is not exact, not known, or too much for 128 bits.
    pub fn budget_units(&self) -> Option<u128> {
        let decimals = self.currency.decimals()?;
        let finer = self.currency.budget_decimals().checked_sub(decimals)?;
        self.amount.checked_mul(10_u128.checked_pow(u32::try_from(finer).ok()?)?)
    }

    /// By how much this is more than `other`, in the same currency; `None` when it is not.
    pub fn beyond(&self, other: Self) -> Option<Self> {
        let is_more = self.currency == other.currency && self.amount > other.amount;
        is_more.then(|| Self { amount: self.amount - other.amount, ..*self })
    }

    /// What budget units are worth in smallest units, and whether nothing was cut off.
    pub fn from_budget_units(currency: Currency, units: u128) -> Option<(Self, bool)> {
        let finer = currency.budget_decimals().checked_sub(currency.decimals()?)?;
        let one = 10_u128.checked_pow(u32::try_from(finer).ok()?)?;
        Some((Self { amount: units / one, currency }, units.is_multiple_of(one)))
    }
}

/// Reads `12.50 USD` exactly; zero is an amount.
impl FromStr for Money {
    type Err = MoneyTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (amount, code) = text.split_once(' ').ok_or(MoneyTextError::Shape)?;
        let currency: Currency = code.parse().map_err(|_| MoneyTextError::Shape)?;
        let unknown = || MoneyTextError::UnknownCurrency(currency.to_string());
        let decimals = currency.decimals().ok_or_else(unknown)?;
        Ok(Self { amount: decimal::parse(amount, decimals)?, currency })
    }
}

/// Budget units for people: `12.345 USD`, exact to the last one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BudgetAmount {
    /// Raw of XNO, millionths of everything else.
    pub units: u128,
    /// Which currency.
    pub currency: Currency,
}

impl fmt::Display for BudgetAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = decimal::format(self.units, self.currency.budget_decimals());
        write!(f, "{text} {}", self.currency)
    }
}

/// Currencies by the decimals of their smallest unit.
const DECIMALS: [(usize, &[&str]); 3] = [
    (0, &["JPY", "KRW", "VND"]),
    (
        2,
        &[
            "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "INR", "MXN",
            "NOK", "NZD", "PLN", "SEK", "SGD", "USD", "ZAR",
        ],
    ),
    (6, &["EURC", "USDC", "USDT"]),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: u128, code: &str) -> Money {
        Money { amount, currency: code.parse().unwrap() }
    }

    #[test]
    fn more_is_told_in_one_currency_alone() {
        let asked = money(500, "USD");
        assert_eq!(money(730, "USD").beyond(asked), Some(money(230, "USD")));
        assert_eq!(money(501, "USD").beyond(asked), Some(money(1, "USD")));
        for other in [money(500, "USD"), money(499, "USD"), money(730, "EUR"), money(1, "EUR")] {
            assert_eq!(other.beyond(asked), None, "{other}");
        }
    }

    #[test]
    fn text_is_exact_or_refused() {
        for (text, amount, code) in [
            ("12.50 USD", 1250, "USD"),
            ("0.5 XNO", 5 * 10_u128.pow(29), "XNO"),
            ("7 jpy", 7, "JPY"),
            ("0.000001 USDC", 1, "USDC"),
        ] {
            assert_eq!(text.parse(), Ok(money(amount, code)), "{text}");
        }
        for bad in [
            "",
            "12.50",
            "USD 12.50",
            "12.50  USD",
            "12.505 USD",
            "-1 USD",
            "1e3 USD",
            "1 ABCD",
            "0.5 JPY",
            "1 USD ",
            "\u{ff11} USD",
            "340282366920938463463374607431768211456 USD",
        ] {
            assert!(bad.parse::<Money>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tenth_of_a_cent_is_counted() {
        assert_eq!(money(1, "USD").budget_units(), Some(10_000));
        assert_eq!(money(1_000, "USDC").budget_units(), Some(1_000));
        assert_eq!(money(3, "JPY").budget_units(), Some(3_000_000));
        assert_eq!(money(5, "XNO").budget_units(), Some(5));
        assert_eq!(money(5, "ABCD").budget_units(), None);
        assert_eq!(money(u128::MAX, "USD").budget_units(), None);
        assert_eq!(money(u128::MAX, "XNO").budget_units(), Some(u128::MAX));
        let usd = "USD".parse().unwrap();
        assert_eq!(Money::from_budget_units(usd, 10_000), Some((money(1, "USD"), true)));
        assert_eq!(Money::from_budget_units(usd, 19_999), Some((money(1, "USD"), false)));
        assert_eq!(BudgetAmount { units: 1_000, currency: usd }.to_string(), "0.001 USD");
    }

    proptest! {
        #[test]
        fn shown_money_reads_back(amount: u128, code in "USD|USDC|JPY|XNO") {
            let money = money(amount, &code);
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
        }

        #[test]
        fn any_text_is_money_or_an_error(text: String) {
            let _ = text.parse::<Money>();
        }
    }
}
