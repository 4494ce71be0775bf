//! `Raw`, the smallest unit of Nano: 1 XNO = 10^30 raw.
//!
//! There is no `From<u64>`, no operator and no float: whoever makes or changes an amount says so, and overflow
//! is a value to handle.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::decimal::{self, AmountError};
use crate::limits;

/// An amount of Nano in raw, between 0 and 2^128 - 1 (the whole supply).
///
/// `Display`, `FromStr` and JSON are the decimal integer; JSON numbers are refused because they lose digits.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Raw(u128);

impl Raw {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// One XNO, 10^30 raw.
    pub const ONE_XNO: Self = Self(10_u128.pow(limits::XNO_DECIMALS as u32));
    /// All the Nano there is.
    pub const MAX: Self = Self(u128::MAX);

    /// An amount of `raw` raw.
    pub const fn new(raw: u128) -> Self {
        Self(raw)
    }

    /// The number of raw.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// Whether there is no money in it.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` above the supply.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` below zero.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The 16 bytes a block hash covers, most significant first.
    pub const fn to_be_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The inverse of [`Raw::to_be_bytes`].
    pub const fn from_be_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// Reads decimal XNO exactly; zero is an amount.
    pub fn from_xno(text: &str) -> Result<Self, AmountError> {
        decimal::parse(text, limits::XNO_DECIMALS).map(Self)
    }

    /// Reads decimal XNO that is to be paid: as [`Raw::from_xno`], but zero is [`AmountError::NotANumber`].
    pub fn payment_from_xno(text: &str) -> Result<Self, AmountError> {
        match Self::from_xno(text)? {
            Self::ZERO => Err(AmountError::NotANumber),
            positive => Ok(positive),
        }
    }

    /// The shortest exact decimal XNO: `1.5`, `0.001`, `1`, `0`.
    pub fn to_xno(self) -> String {
        decimal::format(self.0, limits::XNO_DECIMALS)
    }

    /// Reads a decimal integer of raw. A leading zero is [`AmountError::NotANumber`], as it is for a node.
    pub fn from_raw_text(text: &str) -> Result<Self, AmountError> {
        if text.len() > 1 && text.starts_with('0') && !text.contains('.') {
            return Err(AmountError::NotANumber);
        }
        decimal::parse(text, 0).map(Self)
    }
}

impl FromStr for Raw {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_raw_text(text)
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} raw", self.0)
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_raw_text(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_count_is_what_was_counted() {
        for raw in [0, 1, 2, u128::MAX] {
            assert_eq!((Raw::new(raw).get(), Raw::new(raw).is_zero()), (raw, raw == 0));
            assert_eq!(Raw::from_raw_text(&raw.to_string()), Ok(Raw::new(raw)));
            assert_eq!(format!("{:?}", Raw::new(raw)), format!("{raw} raw"));
        }
    }

    #[test]
    fn xno_is_exact_to_the_last_raw() {
        let cases = [
            ("0", 0),
            ("0.000000000000000000000000000001", 1),
            ("0.001", 10_u128.pow(27)),
            ("1", 10_u128.pow(30)),
            ("1.5", 15 * 10_u128.pow(29)),
            ("340282366.920938463463374607431768211455", u128::MAX),
        ];
        for (xno, raw) in cases {
            assert_eq!(Raw::from_xno(xno), Ok(Raw::new(raw)), "{xno}");
            assert_eq!(Raw::new(raw).to_xno(), xno);
        }
        assert_eq!(Raw::from_xno("001.50"), Raw::from_xno("1.5"));
    }

    #[test]
    fn the_supply_and_thirty_decimals_are_the_limits() {
        let one_raw_more = "340282366.920938463463374607431768211456";
        assert_eq!(Raw::from_xno(one_raw_more), Err(AmountError::TooLarge));
        let decimals = format!("0.{}1", "0".repeat(limits::XNO_DECIMALS));
        assert_eq!(Raw::from_xno(&decimals), Err(AmountError::TooManyDecimals { max: 30 }));
        assert_eq!(Raw::from_raw_text(&u128::MAX.to_string()), Ok(Raw::MAX));
        let above = "340282366920938463463374607431768211456";
        assert_eq!(Raw::from_raw_text(above), Err(AmountError::TooLarge));
    }

    #[test]
    fn zero_is_an_amount_but_no_payment() {
        for zero in ["0", "0.0", "0.000000000000000000000000000000"] {
            assert_eq!(Raw::from_xno(zero), Ok(Raw::ZERO));
            assert_eq!(Raw::payment_from_xno(zero), Err(AmountError::NotANumber));
        }
        assert_eq!(Raw::payment_from_xno("1"), Ok(Raw::ONE_XNO));
        assert_eq!(Raw::payment_from_xno("-1"), Err(AmountError::Negative));
    }

    #[test]
    fn sums_and_differences_never_wrap() {
        let one = Raw::new(1);
        assert_eq!(Raw::MAX.checked_add(one), None);
        assert_eq!(Raw::ZERO.checked_sub(one), None);
        assert_eq!(Raw::ONE_XNO.checked_add(one).and_then(|sum| sum.checked_sub(one)), {
            Some(Raw::ONE_XNO)
        });
    }

    #[test]
    fn json_is_a_canonical_string() {
        assert_eq!(serde_json::to_string(&Raw::MAX).unwrap(), format!("\"{}\"", u128::MAX));
        for bad in
            ["1", "\"01\"", "\"00\"", "\"-1\"", "\"1.0\"", "\"\"", "\" 1\"", "\"1e3\"", "null"]
        {
            assert!(serde_json::from_str::<Raw>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_survives_every_form(raw: u128) {
            let raw = Raw::new(raw);
            prop_assert_eq!(Raw::from_xno(&raw.to_xno()), Ok(raw));
            prop_assert_eq!(raw.to_string().parse::<Raw>(), Ok(raw));
            prop_assert_eq!(Raw::from_be_bytes(raw.to_be_bytes()), raw);
            let json = serde_json::to_string(&raw).unwrap();
            prop_assert_eq!(serde_json::from_str::<Raw>(&json).unwrap(), raw);
        }

        #[test]
        fn any_text_is_an_amount_or_an_error(text: String) {
            let _ = Raw::from_xno(&text);
            if let Ok(raw) = Raw::from_raw_text(&text) {
                prop_assert_eq!(raw.to_string(), text);
            }
        }

        #[test]
        fn what_is_read_as_xno_is_what_was_written(text in "[0-9]{1,9}(\\.[0-9]{1,30})?") {
            if let Ok(raw) = Raw::from_xno(&text) {
                let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
                let whole = whole.trim_start_matches('0');
                let fraction = fraction.trim_end_matches('0');
                let whole = if whole.is_empty() { "0" } else { whole };
                let point = if fraction.is_empty() { "" } else { "." };
                prop_assert_eq!(raw.to_xno(), format!("{whole}{point}{fraction}"));
            }
        }
    }
}
