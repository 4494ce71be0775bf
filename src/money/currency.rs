//! Currencies and amounts that know theirs. Amounts of different currencies never compare or add.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Raw, decimal};

/// A currency code: 3 to 12 upper-case ASCII letters or digits, such as `XNO`, `USD`, `USDC`.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Currency {
    bytes: [u8; CODE_MAX],
    len: u8,
}

/// The text is no currency code.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a currency is 3 to 12 letters or digits, such as XNO or USD")]
pub struct CurrencyError;

impl Currency {
    /// Nano, counted in raw (1 XNO = 10^30 raw).
    pub const XNO: Self = Self { bytes: *b"XNO\0\0\0\0\0\0\0\0\0", len: 3 };

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("codes are ASCII")
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    /// Case-insensitive; the code is kept in upper case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ok = (CODE_MIN..=CODE_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !ok {
            return Err(CurrencyError);
        }
        let mut bytes = [0; CODE_MAX];
        bytes[..text.len()].copy_from_slice(text.to_ascii_uppercase().as_bytes());
        Ok(Self { bytes, len: u8::try_from(text.len()).map_err(|_| CurrencyError)? })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// An amount of one currency, in its smallest unit (raw for XNO). `Ord` is missing on purpose.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Smallest units, a decimal integer string in JSON.
    #[serde(with = "units_text")]
    pub amount: u128,
    /// Which currency.
    pub currency: Currency,
}

impl Money {
    /// An amount of Nano.
    pub fn xno(raw: Raw) -> Self {
        Self { amount: raw.get(), currency: Currency::XNO }
    }

    /// The amount as raw, if it is Nano.
    pub fn as_raw(&self) -> Option<Raw> {
        (self.currency == Currency::XNO).then(|| Raw::new(self.amount))
    }
}

/// For people: `1.5 XNO`, `12.5 USD`; a currency of unknown decimals in smallest units.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.currency.decimals() {
            Some(decimals) => {
                write!(f, "{} {}", decimal::format(self.amount, decimals), self.currency)
            }
            None => write!(f, "{} {} (smallest units)", self.amount, self.currency),
        }
    }
}

/// `u128` as decimal text: JSON numbers lose digits above 2^53.
pub mod units_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes the decimal text.
    pub fn serialize<S: Serializer>(units: &u128, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(units)
    }

    /// Reads it back; signs, spaces and leading zeros are errors.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u128, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        let canonical =
            text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
        if !canonical {
            return Err(de::Error::custom("an amount is a decimal integer in a string"));
        }
        text.parse().map_err(|_| de::Error::custom("the amount does not fit 128 bits"))
    }
}

const CODE_MIN: usize = 3;
const CODE_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_upper_case_and_bounded() {
        assert_eq!("xno".parse::<Currency>().unwrap(), Currency::XNO);
        assert_eq!("ABCDEFGHIJKL".parse::<Currency>().unwrap().as_str(), "ABCDEFGHIJKL");
        for bad in ["", "XN", "ABCDEFGHIJKLM", "U$D", "ÜSD"] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_nano_is_raw() {
        let amount = 7;
        assert_eq!(Money { amount, currency: Currency::XNO }.as_raw(), Some(Raw::new(7)));
        let dollars = Money { amount, currency: "USD".parse().unwrap() };
        assert_eq!(dollars.as_raw(), None);
        assert_eq!(format!("{:?}", dollars.currency), "USD");
    }

    #[test]
    fn money_is_text_in_json() {
        let money = Money { amount: u128::MAX, currency: Currency::XNO };
        let json = serde_json::to_string(&money).unwrap();
        assert_eq!(
            json,
            r#"{"amount":"340282366920938463463374607431768211455","currency":"XNO"}"#
        );
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        for bad in ["-1", "+1", "1.0", "01", "", " 1", "340282366920938463463374607431768211456"] {
            let json = format!(r#"{{"amount":"{bad}","currency":"XNO"}}"#);
            assert!(serde_json::from_str::<Money>(&json).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Money>(r#"{"amount":1,"currency":"XNO"}"#).is_err());
    }
}
