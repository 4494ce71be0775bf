//! Ids as Stripe makes them.
//!
//! A payment method's id pays, and a token's id is the token: this module must never show either.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits;
use crate::secret::Secret;

/// Why a text is no id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is no id of Stripe's: {prefix} and letters, digits or _ are needed")]
pub struct IdError {
    prefix: &'static str,
}

/// A seller's profile in Stripe's network: `profile_...`. No secret.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Profile(String);

/// The owner's payment method: `pm_...`.
#[derive(Clone, Debug)]
pub struct PaymentMethod(Secret);

/// An issued token: `spt_...`.
#[derive(Clone, Debug)]
pub struct TokenId(Secret);

impl Profile {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PaymentMethod {
    /// The id, for the one request that needs it and for sealing it.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl TokenId {
    /// The token, for the request it pays.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(self.0.expose()).expect("ids are ASCII")
    }
}

impl FromStr for Profile {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        check(text, "profile_").map(|text| Self(text.to_owned()))
    }
}

impl FromStr for PaymentMethod {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        check(text, "pm_").map(|text| Self(Secret::new(text.to_owned())))
    }
}

impl FromStr for TokenId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        check(text, "spt_").map(|text| Self(Secret::new(text.to_owned())))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for TokenId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// Written down only where it is sent.
impl Serialize for TokenId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

fn check<'a>(text: &'a str, prefix: &'static str) -> Result<&'a str, IdError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    let fits = !rest.is_empty() && text.len() <= limits::ID_BYTES && rest.bytes().all(plain);
    if fits { Ok(text) } else { Err(IdError { prefix }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_by_their_prefix_and_shown_only_where_they_may_be() {
        assert_eq!("profile_1aB".parse::<Profile>().unwrap().to_string(), "profile_1aB");
        let method: PaymentMethod = "pm_card_visa".parse().unwrap();
        let token: TokenId = "spt_1".parse().unwrap();
        assert!(!format!("{method:?}{token:?}").contains("visa"));
        assert!(!format!("{token:?}").contains("spt_1"));
        let longest = format!("pm_{}", "x".repeat(limits::ID_BYTES - 3));
        assert!(longest.parse::<PaymentMethod>().is_ok());
        for bad in
            ["", "pm_", "pm", "card_1", "PM_1", "pm_1/..", "pm_1 ", "pm_é", &format!("{longest}x")]
        {
            assert!(bad.parse::<PaymentMethod>().is_err(), "{bad}");
        }
        assert!("acct_1".parse::<Profile>().is_err());
        assert!("pm_1".parse::<TokenId>().is_err());
    }
}
