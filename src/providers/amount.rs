//! Amounts as providers write them: JSON numbers or strings, read from their literal text.
//!
//! This module must never go through floating point, round, or take a text for an amount that has two readings.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use crate::limits;
use crate::money::Raw;

/// An exact decimal, zero or more. `Display` is plain digits without an exponent; equal numbers are equal whatever
/// their spelling was.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Amount {
    /// Without leading zeros; `0` if there is nothing before the point.
    whole: String,
    /// Without trailing zeros.
    fraction: String,
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AmountTextError {
    /// Not `-?digits[.digits][e[+-]digits]`, or too long.
    #[error("an amount is a JSON number, or one in a string")]
    NotANumber,
    /// Below zero.
    #[error("an amount cannot be negative")]
    Negative,
    /// An exponent beyond ±64.
    #[error("the exponent of an amount is at most {}", limits::AMOUNT_EXPONENT)]
    Exponent,
    /// Finer than one raw.
    #[error("an amount of XNO has at most {} decimal places", limits::XNO_DECIMALS)]
    TooManyDecimals,
    /// More than all there is.
    #[error("the amount is larger than all the XNO there is")]
    TooLarge,
    /// Zero, where money is to move.
    #[error("an amount to pay is not zero")]
    Zero,
}

impl Amount {
    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.whole == "0" && self.fraction.is_empty()
    }

    /// The amount as XNO that is to be paid, exactly.
    ///
    /// # Errors
    /// [`AmountTextError`] if it is zero, finer than a raw, or more than the supply.
    pub fn to_raw(&self) -> Result<Raw, AmountTextError> {
        if self.is_zero() {
            return Err(AmountTextError::Zero);
        }
        if self.fraction.len() > limits::XNO_DECIMALS {
            return Err(AmountTextError::TooManyDecimals);
        }
        // What is well-formed and fine enough can only be too large.
        Raw::from_xno(&self.to_string()).map_err(|_| AmountTextError::TooLarge)
    }
}

impl FromStr for Amount {
    type Err = AmountTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > limits::AMOUNT_TEXT_BYTES {
            return Err(AmountTextError::NotANumber);
        }
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(AmountTextError::NotANumber),
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || has_leading_zero || !is_digits(whole) || !is_digits(fraction) {
            return Err(AmountTextError::NotANumber);
        }
        let amount = shifted(whole, fraction, exponent);
        // Written out it must be read again.
        if amount.whole.len() + 1 + amount.fraction.len() > limits::AMOUNT_TEXT_BYTES {
            return Err(AmountTextError::NotANumber);
        }
        // Some JavaScript writes -0.
        if is_negative && !amount.is_zero() {
            return Err(AmountTextError::Negative);
        }
        Ok(amount)
    }
}

fn read_exponent(text: &str) -> Result<i32, AmountTextError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountTextError::NotANumber);
    }
    let exponent: i32 = text.parse().map_err(|_| AmountTextError::Exponent)?;
    if exponent.abs() > limits::AMOUNT_EXPONENT {
        return Err(AmountTextError::Exponent);
    }
    Ok(exponent)
}

/// The digits with the point moved by `exponent` places.
fn shifted(whole: &str, fraction: &str, exponent: i32) -> Amount {
    let mut digits = format!("{whole}{fraction}");
    let mut point = i32::try_from(whole.len()).unwrap_or(i32::MAX).saturating_add(exponent);
    while point < 0 {
        digits.insert(0, '0');
        point += 1;
    }
    let point = usize::try_from(point).unwrap_or(0);
    while digits.len() < point {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(point);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Amount { whole: whole.to_owned(), fraction: fraction.trim_end_matches('0').to_owned() }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = self.whole.len().cmp(&other.whole.len());
        size.then_with(|| self.whole.cmp(&other.whole))
            .then_with(|| self.fraction.cmp(&other.fraction))
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fraction.as_str() {
            "" => f.write_str(&self.whole),
            fraction => write!(f, "{}.{fraction}", self.whole),
        }
    }
}

/// A string: a JSON number would lose digits at the next reader.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// A number by its literal text, or a string.
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(d)?;
        let literal = raw.get();
        let text = match literal.starts_with('"') {
            true => serde_json::from_str::<String>(literal).map_err(de::Error::custom)?,
            false => literal.to_owned(),
        };
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(literal: &str) -> Amount {
        serde_json::from_str(literal).expect(literal)
    }

    #[test]
    fn the_table_of_the_reference() {
        let cases = [
            ("12.345", "12345000000000000000000000000000"),
            ("50.0", "50000000000000000000000000000000"),
            ("\"10.000\"", "10000000000000000000000000000000"),
            ("1e-7", "100000000000000000000000"),
            ("0.30000000000000004", "300000000000000040000000000000"),
            ("1.0E+2", "100000000000000000000000000000000"),
        ];
        for (literal, raw) in cases {
            assert_eq!(amount(literal).to_raw(), Ok(raw.parse().unwrap()), "{literal}");
        }
        for literal in ["1.2345678901234567e-15", "1e-31"] {
            assert_eq!(
                amount(literal).to_raw(),
                Err(AmountTextError::TooManyDecimals),
                "{literal}"
            );
        }
        assert_eq!(amount("1e-30").to_raw(), Ok(Raw::new(1)));
        assert_eq!(amount("340282366.920938463463374607431768211455").to_raw(), Ok(Raw::MAX));
        for literal in ["340282366.920938463463374607431768211456", "1e9", "1e64"] {
            assert_eq!(amount(literal).to_raw(), Err(AmountTextError::TooLarge), "{literal}");
        }
        for literal in ["0", "0.0", "-0", "0e5", "\"-0.00\""] {
            assert_eq!(amount(literal).to_raw(), Err(AmountTextError::Zero), "{literal}");
        }
    }

    #[test]
    fn numbers_are_compared_not_spellings() {
        for literal in ["10", "10.0", "\"10.000\"", "1e1", "1.0E+1", "100e-1", "0.1e2"] {
            assert_eq!(amount(literal), amount("10"), "{literal}");
        }
        let rising = ["0", "1e-7", "0.04", "0.3", "0.30000000000000004", "0.5", "2", "10", "10.01"];
        for pair in rising.windows(2) {
            assert!(amount(pair[0]) < amount(pair[1]), "{pair:?}");
        }
        assert_eq!(amount("1.50e-3").to_string(), "0.0015");
        assert_eq!(serde_json::to_string(&amount("1e3")).unwrap(), "\"1000\"");
    }

    #[test]
    fn what_is_no_amount_is_an_error() {
        for literal in [
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\" 1\"",
            "\"1 \"",
            "\"+1\"",
            "\".1\"",
            "\"1.\"",
            "\"1,5\"",
            "\"0x1\"",
            "\"NaN\"",
            "\"1e\"",
            "\"1e+-2\"",
            "\"1e1.5\"",
            "\"01\"",
            "\"1_0\"",
            "\"--1\"",
            "\"١\"",
            "-1",
            "-1e-9",
            "\"-0.1\"",
            "1e65",
            "1e-65",
            "1e99999999999",
            "NaN",
        ] {
            assert!(serde_json::from_str::<Amount>(literal).is_err(), "{literal}");
        }
    }

    #[test]
    fn text_and_exponent_have_an_end() {
        let of = |bytes: usize| format!("1{}", "0".repeat(bytes - 1)).parse::<Amount>();
        assert!(of(limits::AMOUNT_TEXT_BYTES - 1).is_ok());
        let shifted = |digits: usize| format!("{}e64", "6".repeat(digits)).parse::<Amount>();
        let longest = shifted(limits::AMOUNT_TEXT_BYTES - 65).unwrap();
        assert_eq!(longest.to_string().parse(), Ok(longest), "written out it is read again");
        assert_eq!(shifted(limits::AMOUNT_TEXT_BYTES - 64), Err(AmountTextError::NotANumber));
        assert_eq!(of(limits::AMOUNT_TEXT_BYTES), Err(AmountTextError::NotANumber));
        let of = |exponent: i32| format!("1e{exponent}").parse::<Amount>();
        assert!(of(limits::AMOUNT_EXPONENT).is_ok() && of(-limits::AMOUNT_EXPONENT).is_ok());
        assert_eq!(of(limits::AMOUNT_EXPONENT + 1), Err(AmountTextError::Exponent));
        assert_eq!(of(-limits::AMOUNT_EXPONENT - 1), Err(AmountTextError::Exponent));
    }
}
