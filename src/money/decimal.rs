//! Decimal text to an integer count of smallest units and back, exactly.
//!
//! This module must never round, trim, or accept a second spelling of the decimal point: what cannot be
//! represented is an error that says why.

use crate::limits;

/// Why a text is no amount. The codes are those of the wallet's public errors.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AmountError {
    /// Not plain decimal digits with at most one point, or too long, or zero where money must move.
    #[error("an amount is written in plain decimal digits, such as 1.5, and is not zero when paid")]
    NotANumber,
    /// Digits are missing on one side of the decimal point.
    #[error("an amount with a decimal point needs digits on both sides of it, such as 0.1")]
    FractionalPart,
    /// Below zero.
    #[error("an amount cannot be negative")]
    Negative,
    /// Finer than the smallest unit.
    #[error("an amount has at most {max} decimal places")]
    TooManyDecimals {
        /// Decimal places allowed.
        max: usize,
    },
    /// More than 2^128 - 1 smallest units, which is all the Nano there is.
    #[error("the amount is larger than all the money there is")]
    TooLarge,
}

impl AmountError {
    /// The stable code told to callers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotANumber => "INVALID_NUMBER_FORMAT",
            Self::FractionalPart => "INVALID_FRACTIONAL_PART",
            Self::Negative => "INVALID_NEGATIVE_AMOUNT",
            Self::TooManyDecimals { .. } => "TOO_MANY_DECIMAL_PLACES",
            Self::TooLarge => "AMOUNT_TOO_LARGE",
        }
    }
}

/// Reads `text` as a count of units of 10^-`decimals`.
///
/// The shape is judged before the sign and the sign before the size, so `-abc` is not a number and `-1` is negative.
pub(super) fn parse(text: &str, decimals: usize) -> Result<u128, AmountError> {
    if text.len() > limits::AMOUNT_TEXT_BYTES {
        return Err(AmountError::NotANumber);
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = split(unsigned)?;
    if negative {
        return Err(AmountError::Negative);
    }
    if fraction.len() > decimals {
        return Err(AmountError::TooManyDecimals { max: decimals });
    }
    let padding = std::iter::repeat_n(b'0', decimals - fraction.len());
    whole
        .bytes()
        .chain(fraction.bytes())
        .chain(padding)
        .try_fold(0_u128, |units, digit| {
            units.checked_mul(10)?.checked_add(u128::from(digit - b'0'))
        })
        .ok_or(AmountError::TooLarge)
}

/// The shortest text of `units` of 10^-`decimals`: no trailing zeros, no bare point.
pub(super) fn format(units: u128, decimals: usize) -> String {
    let digits = format!("{units:0width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

/// The digits before and after the point.
fn split(unsigned: &str) -> Result<(&str, &str), AmountError> {
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits_only(whole) || !digits_only(fraction.unwrap_or_default()) {
        return Err(AmountError::NotANumber);
    }
    match (whole, fraction) {
        ("", None | Some("")) => Err(AmountError::NotANumber),
        ("", Some(_)) | (_, Some("")) => Err(AmountError::FractionalPart),
        (whole, fraction) => Ok((whole, fraction.unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Callers go by them.
    #[test]
    fn codes_stay_as_they_are() {
        let codes = [
            (AmountError::NotANumber, "INVALID_NUMBER_FORMAT"),
            (AmountError::FractionalPart, "INVALID_FRACTIONAL_PART"),
            (AmountError::Negative, "INVALID_NEGATIVE_AMOUNT"),
            (AmountError::TooManyDecimals { max: 30 }, "TOO_MANY_DECIMAL_PLACES"),
            (AmountError::TooLarge, "AMOUNT_TOO_LARGE"),
        ];
        for (error, code) in codes {
            assert_eq!(error.code(), code);
        }
    }

    #[test]
    fn a_malformed_amount_says_what_is_wrong() {
        use AmountError::{FractionalPart, Negative, NotANumber, TooLarge, TooManyDecimals};
        let cases = [
            ("abc", NotANumber),
            ("1e3", NotANumber),
            ("", NotANumber),
            (" 1", NotANumber),
            ("1 ", NotANumber),
            ("1 000", NotANumber),
            ("+1", NotANumber),
            ("١٢", NotANumber),
            ("\u{ff11}", NotANumber),
            ("1,5", NotANumber),
            ("1_000", NotANumber),
            ("0x10", NotANumber),
            ("NaN", NotANumber),
            ("Infinity", NotANumber),
            ("1.2.3", NotANumber),
            (".", NotANumber),
            ("..", NotANumber),
            ("-", NotANumber),
            ("--1", NotANumber),
            ("-abc", NotANumber),
            ("-1e3", NotANumber),
            ("−1", NotANumber),
            ("1.-5", NotANumber),
            ("1\n", NotANumber),
            ("1\0", NotANumber),
            (".1", FractionalPart),
            ("1.", FractionalPart),
            ("-.1", FractionalPart),
            ("-1", Negative),
            ("-0.5", Negative),
            ("-0", Negative),
            ("1.123", TooManyDecimals { max: 2 }),
            ("1.000", TooManyDecimals { max: 2 }),
            ("3402823669209384634633746074317682114.56", TooLarge),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text, 2), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_longest_text_is_read_and_one_more_byte_is_not() {
        let at_limit = format!("{:0>width$}", "7", width = limits::AMOUNT_TEXT_BYTES);
        assert_eq!(parse(&at_limit, 0), Ok(7));
        assert_eq!(parse(&format!("0{at_limit}"), 0), Err(AmountError::NotANumber));
    }

    #[test]
    fn whole_units_have_no_point() {
        assert_eq!(format(0, 0), "0");
        assert_eq!(format(1_050, 3), "1.05");
        assert_eq!(format(u128::MAX, 0), u128::MAX.to_string());
        assert_eq!(parse("1.5", 0), Err(AmountError::TooManyDecimals { max: 0 }));
    }
}
